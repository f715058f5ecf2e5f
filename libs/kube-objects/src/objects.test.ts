import { describe, expect, test } from '@jest/globals';
import { V1Node, V1ObjectMeta } from '@kubernetes/client-node';
import type {
  EventsV1Event,
  V1Condition,
  V1Lease,
  V1ObjectReference,
  V1OwnerReference,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Secret,
  V1TokenReviewStatus,
  V1VolumeAttachment,
} from '@kubernetes/client-node';
import type {
  Condition,
  KubeEvent,
  KubeNode,
  KubePod,
  Lease,
  ObjectMeta,
  ObjectReference,
  OwnerReference,
  PersistentVolumeClaim,
  Secret,
  TokenReviewStatus,
  VolumeAttachment,
} from './objects.ts';

/** The JSON of a type of `@kubernetes/client-node`, which has objects of class Date for times. */
type Wire<T> = T extends Date ? string : T extends readonly (infer U)[] ? Wire<U>[] : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;
/** A stored object always has metadata and a name. */
type Stored<T extends { metadata?: V1ObjectMeta }> = Wire<T> & { metadata: { name: string } };

/** Compiles only while `Theirs` is assignable to `Ours`, and `Ours` names no field that `Theirs` lacks. */
type Fits<Ours, Theirs extends Ours> =
  Exclude<DeepKeys<Ours>, DeepKeys<Theirs>> extends never ? true : Exclude<DeepKeys<Ours>, DeepKeys<Theirs>>;
/** Paths of all fields, such as `spec.taints.key`. */
type DeepKeys<T> = T extends string | number | boolean | null | undefined
  ? never
  : T extends readonly (infer U)[]
    ? DeepKeys<U>
    : string extends keyof T
      ? never
      : { [K in keyof T & string]-?: K | `${K}.${DeepKeys<NonNullable<T[K]>>}` }[keyof T & string];

const SHAPES: {
  ObjectMeta: Fits<ObjectMeta, Wire<V1ObjectMeta> & { name: string }>;
  OwnerReference: Fits<OwnerReference, Wire<V1OwnerReference>>;
  Condition: Fits<Condition, Wire<V1Condition> & { status: Condition['status'] }>;
  KubeNode: Fits<KubeNode, Stored<V1Node>>;
  KubePod: Fits<KubePod, Stored<V1Pod>>;
  PersistentVolumeClaim: Fits<PersistentVolumeClaim, Stored<V1PersistentVolumeClaim>>;
  VolumeAttachment: Fits<VolumeAttachment, Stored<V1VolumeAttachment>>;
  Secret: Fits<Secret, Stored<V1Secret>>;
  Lease: Fits<Lease, Stored<V1Lease>>;
  ObjectReference: Fits<ObjectReference, Wire<V1ObjectReference>>;
  KubeEvent: Fits<KubeEvent, Stored<EventsV1Event>>;
  TokenReviewStatus: Fits<TokenReviewStatus, Wire<V1TokenReviewStatus>>;
} = {
  ObjectMeta: true,
  OwnerReference: true,
  Condition: true,
  KubeNode: true,
  KubePod: true,
  PersistentVolumeClaim: true,
  VolumeAttachment: true,
  Secret: true,
  Lease: true,
  ObjectReference: true,
  KubeEvent: true,
  TokenReviewStatus: true,
};

describe('the shapes', () => {
  test.each(Object.entries(SHAPES))('%s is what @kubernetes/client-node declares, in JSON', (_name, fits) => {
    // The compiler has tested it.
    expect(fits).toBe(true);
  });

  test('a time is a string in JSON', () => {
    const theirs = Object.assign(new V1Node(), {
      metadata: Object.assign(new V1ObjectMeta(), { name: 'a', creationTimestamp: new Date(0) }),
    });
    const ours = JSON.parse(JSON.stringify(theirs)) as KubeNode;
    expect(ours.metadata).toEqual({ name: 'a', creationTimestamp: '1970-01-01T00:00:00.000Z' });
  });
});
