import {
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  EXCLUDED_FROM_LB_ANNOTATION,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
  WINDOW_ANNOTATION,
} from '@brupop/crd-models';
import type { KubeNode } from '@brupop/kube-objects';
import { describe, expect, test } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { transformNode, transformPod, transformShadow } from './transform.ts';

const SINCE = '2026-01-05T12:00:00Z';
const ready = (status: string) => ({ conditions: [{ type: 'Ready', status, lastTransitionTime: SINCE }] });
const node = (metadata: object = {}, spec: object = {}): KubeNode => ({
  metadata: { name: 'a', uid: 'u', ...metadata },
  spec,
  status: ready('True'),
});
const observed = (raw: KubeNode) => transformNode(raw).observation;

describe(transformNode, () => {
  test('keeps little of a Node, however many images it lists', () => {
    const images = Array.from({ length: 50 }, (_, at) => ({
      names: [`registry.example/image-${String(at)}@sha256:${'0'.repeat(64)}`],
      sizeBytes: at,
    }));
    const large = { ...node({ labels: { pool: 'p'.repeat(60) } }), status: { ...ready('True'), images } };
    expect(JSON.stringify(large).length).toBeGreaterThan(5_000);
    expect(JSON.stringify(transformNode(large)).length).toBeLessThan(400);
  });

  test('is the same after a heartbeat', () => {
    const beaten = {
      ...node(),
      status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: SINCE, lastHeartbeatTime: 'later' }] },
    };
    expect(observed(beaten)).toEqual(observed(node()));
  });

  test.each([
    {
      name: 'is managed with the label',
      raw: node({ labels: { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION } }),
      expected: { managed: true },
    },
    {
      name: 'is not managed with another value of the label',
      raw: node({ labels: { [UPDATER_INTERFACE_LABEL]: '1.0.0' } }),
      expected: { managed: false },
    },
    { name: 'is Ready, with the time of the transition', raw: node(), expected: { ready: true, readySince: SINCE } },
    { name: 'is not Ready without the condition', raw: { metadata: { name: 'a' } }, expected: { ready: false, uid: '' } },
    {
      name: 'is cordoned by us',
      raw: node({ annotations: { [CORDONED_ANNOTATION]: '{}' } }, { unschedulable: true }),
      expected: { cordonedByUs: true },
    },
    {
      name: 'is not cordoned by us for the annotation alone',
      raw: node({ annotations: { [CORDONED_ANNOTATION]: '{}' } }),
      expected: { cordonedByUs: false, voidMark: true },
    },
    {
      name: 'is excluded by us',
      raw: node({ annotations: { [EXCLUDED_FROM_LB_ANNOTATION]: '{}' }, labels: { [EXCLUDE_FROM_LB_LABEL]: 'True' } }),
      expected: { excludedByUs: true },
    },
    {
      name: 'is not excluded by us for the annotation alone',
      raw: node({ annotations: { [EXCLUDED_FROM_LB_ANNOTATION]: '{}' } }),
      expected: { excludedByUs: false, voidMark: true },
    },
    {
      name: 'has our taint',
      raw: node({}, { taints: [{ key: CORDONED_TAINT, effect: 'PreferNoSchedule' }] }),
      expected: { tainted: false, taintedByUs: true },
    },
    { name: 'is tainted', raw: node({}, { taints: [{ key: 'team', effect: 'NoSchedule' }] }), expected: { tainted: true } },
    { name: 'is tainted with NoExecute', raw: node({}, { taints: [{ key: 'team', effect: 'NoExecute' }] }), expected: { tainted: true } },
    {
      name: 'is tainted for memory pressure',
      raw: node({}, { taints: [{ key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }] }),
      expected: { tainted: true },
    },
    {
      name: 'is not tainted with PreferNoSchedule',
      raw: node({}, { taints: [{ key: 'team', effect: 'PreferNoSchedule' }] }),
      expected: { tainted: false },
    },
    {
      name: 'is not tainted by taints that Kubernetes derives from cordon and conditions',
      raw: node(
        {},
        {
          taints: [
            { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
            { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
            { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' },
          ],
        },
      ),
      expected: { tainted: false },
    },
    { name: 'is being deleted', raw: node({ deletionTimestamp: SINCE }), expected: { deleting: true } },
    { name: 'has a zone', raw: node({ labels: { 'topology.kubernetes.io/zone': 'z' } }), expected: { zone: 'z' } },
  ])('a node $name', ({ raw, expected }) => {
    expect(observed(raw)).toMatchObject(expected);
  });
});

describe(transformPod, () => {
  test.each([
    { name: 'Ready', metadata: {}, status: ready('True'), expected: true },
    { name: 'not Ready', metadata: {}, status: ready('False'), expected: false },
    { name: 'being deleted', metadata: { deletionTimestamp: SINCE }, status: ready('True'), expected: false },
  ])('the pod of an agent that is $name', ({ metadata, status, expected }) => {
    expect(transformPod({ metadata: { name: 'agent-a', ...metadata }, spec: { nodeName: 'a' }, status })).toMatchObject({
      nodeName: 'a',
      ready: expected,
      since: SINCE,
    });
  });
});

describe(transformShadow, () => {
  const metadata = {
    name: 'brs-a',
    namespace: 'brupop',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: SINCE,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'node-uid' }],
  };
  const rest = { apiVersion: 'brupop.bottlerocket.aws/v2', kind: 'BottlerocketShadow', spec: { state: 'Idle' as const } };
  const status = {
    current_version: '1.0.0',
    target_version: '1.1.0',
    current_state: 'Idle' as const,
    crash_count: 0,
    conditions: [{ type: 'Healthy', status: 'True' as const, reason: 'NoTrouble', message: 'm', lastTransitionTime: SINCE }],
  };

  test('keeps a shadow without the fields that only people read', () => {
    const labels = { team: 'shop' };
    expect(transformShadow({ ...rest, metadata: { ...metadata, labels }, status })).toEqual({ ...rest, metadata, status });
  });

  test('keeps little of a shadow that was stored before the schema had limits', () => {
    const huge = 'x'.repeat(240_000);
    const stored = { ...status, target_version: huge, failure_message: huge, conditions: [{ ...status.conditions[0], message: huge }] };
    expect(JSON.stringify(transformShadow({ ...rest, metadata, status: stored })).length).toBeLessThan(10_000);
  });

  test('keeps only the annotations that plans read, at most as long as they can be', () => {
    const interval = '2026-01-06T02:00:00.000Z/2026-01-06T02:00:20.123Z';
    const annotated = (window: string): unknown =>
      transformShadow({
        ...rest,
        metadata: { ...metadata, annotations: { [WINDOW_ANNOTATION]: window, note: 'x' } },
        status,
      }).metadata.annotations;
    expect(annotated(interval)).toEqual({ [WINDOW_ANNOTATION]: interval });
    expect(annotated('x'.repeat(200_000))).toEqual({ [WINDOW_ANNOTATION]: 'x'.repeat(80) });
  });

  test.each([{ status: undefined }, { status: null }])('leaves out an absent status (%j)', (without) => {
    const transformed = transformShadow({ ...rest, metadata: { name: 'brs-a' }, ...without });
    expect(transformed).toStrictEqual({ ...rest, metadata: { name: 'brs-a' } });
  });
});
