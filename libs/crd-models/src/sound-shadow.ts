import { boundStatus } from './bound-shadow.ts';
import { GROUP, KIND, STORAGE_VERSION } from './names.ts';
import { METADATA } from './object-schemas.ts';
import { SHADOW_V2_SCHEMA } from './shadow-schemas.ts';
import type { ObjectMeta } from '@brupop/kube-objects';
import type { BottlerocketShadow, ShadowSpec, ShadowStatus } from './shadow.ts';
import { faultsInWords, soundShape } from './sound-shape.ts';
import type { JsonSchema } from './schema.ts';

/** Why a shadow cannot be read as a whole. */
export interface ShadowFault {
  /** Which field is illegal, what was expected, and what it holds; for people. */
  readonly message: string;
  /** Whether the spec is valid nevertheless, so that it shows the desired state of the node. */
  readonly specKnown: boolean;
}

/** A shadow that is safe to read. */
export type ObservedShadow = BottlerocketShadow & {
  /** Present: the stored object is illegal. Then `spec` may stand for an unknown one, and a status that is illegal is left out. */
  readonly fault?: ShadowFault;
};

const UNKNOWN_SPEC: ShadowSpec = { state: 'Idle' };
const NONE: JsonSchema = { type: 'object' };
const { spec: SPEC = NONE, status: STATUS = NONE } = SHADOW_V2_SCHEMA.properties ?? {};

/**
 * A stored shadow in a shape that everything may rely on. Kubernetes checks a shadow when it is written, by the schema of that time; a
 * schema that was edited, replaced or missing lets anything in, and one such object must not stop the work on all others. Invalid parts of
 * metadata are left out.
 * @throws TypeError for an object without a name
 */
export function soundShadow(raw: unknown): ObservedShadow {
  const { apiVersion, kind, metadata, spec, status } = (typeof raw === 'object' && raw !== null ? raw : {}) as Partial<BottlerocketShadow>;
  const meta = soundShape(metadata, METADATA).value as ObjectMeta | undefined;
  if (meta === undefined) throw new TypeError('The object has no name');
  const { value: soundSpec, faults: ofSpec } = soundShape(spec, SPEC);
  const { value: soundStatus, faults: ofStatus } = soundShape(boundStatus((status ?? null) as ShadowStatus), STATUS);
  const faults = [
    ...ofSpec.map((fault) => ({ ...fault, path: ['spec', ...fault.path] })),
    ...ofStatus.map((fault) => ({ ...fault, path: ['status', ...fault.path] })),
  ];
  const specKnown = ofSpec.length === 0;
  return {
    apiVersion: typeof apiVersion === 'string' ? apiVersion : `${GROUP}/${STORAGE_VERSION}`,
    kind: typeof kind === 'string' ? kind : KIND,
    metadata: meta,
    spec: specKnown ? (soundSpec as ShadowSpec) : UNKNOWN_SPEC,
    ...(soundStatus == null || ofStatus.length > 0 ? {} : { status: soundStatus as ShadowStatus }),
    ...(faults.length === 0 ? {} : { fault: { message: faultsInWords(faults), specKnown } }),
  };
}
