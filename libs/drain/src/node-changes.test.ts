import { describe, expect, test } from '@jest/globals';
import type { KubeNode } from '@brupop/kube-objects';
import { KubeApiError, type KubeClient } from '@brupop/kube-runtime';
import { VirtualClock } from '@brupop/ports';
import { cordonNode, restoreNode, uncordonNode, type NodeChangeOptions } from './node-changes.ts';
import type { NodePatch } from './node-plans.ts';

const CORDONED_ANNOTATION = 'example.com/cordoned';
const CORDONED_TAINT = 'example.com/tainted';
const names = { cordonAnnotation: CORDONED_ANNOTATION, exclusionAnnotation: 'example.com/excluded', cordonTaint: CORDONED_TAINT };

/** One Node, and another writer that changes it in between a given number of times. */
function aNodeApi(disturbances: number): { options: NodeChangeOptions; node: () => KubeNode; reads: () => number } {
  let version = 1;
  let left = disturbances;
  let annotations: Record<string, string> = {};
  let spec: NonNullable<KubeNode['spec']> = { unschedulable: false };
  let read = 0;
  const node = (): KubeNode => ({
    metadata: { name: 'node-1', resourceVersion: String(version), annotations: { ...annotations } },
    spec,
  });
  const client: KubeClient = {
    request: <T>(method: string, _path: string, { body }: { body?: unknown }): Promise<T> => {
      if (method === 'GET') {
        read++;
        return Promise.resolve(node() as T);
      }
      if (left > 0) {
        left--;
        version++;
      }
      const patch = body as NodePatch & { metadata: { resourceVersion?: string } };
      if (patch.metadata.resourceVersion !== String(version)) return Promise.reject(new KubeApiError(409, 'Conflict', 'changed'));
      version++;
      const merged = Object.entries({ ...annotations, ...patch.metadata.annotations }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      );
      annotations = Object.fromEntries(merged);
      const { unschedulable = spec.unschedulable, taints = spec.taints } = patch.spec ?? {};
      spec = { unschedulable: unschedulable ?? false, ...((taints ?? []).length === 0 ? {} : { taints: taints ?? [] }) };
      return Promise.resolve(node() as T);
    },
    stream: () => Promise.reject(new Error('not used')),
  };
  return {
    options: { client, clock: new VirtualClock(), nodeName: 'node-1', names, signal: new AbortController().signal },
    node,
    reads: () => read,
  };
}

describe('changing a Node', () => {
  test('cordons and uncordons without a trace', async () => {
    const { options, node } = aNodeApi(0);
    const before = node();
    const { changed, owned } = await cordonNode(options);
    expect([changed, owned]).toEqual([true, { since: '2026-01-05T00:00:00.000Z', prior: null, last: [] }]);
    expect(node().spec).toEqual({ unschedulable: true, taints: [{ key: CORDONED_TAINT, effect: 'PreferNoSchedule' }] });
    expect(node().metadata.annotations?.[CORDONED_ANNOTATION]).toBe(JSON.stringify(owned));
    await uncordonNode(options);
    expect({ ...node(), metadata: { ...node().metadata, resourceVersion: before.metadata.resourceVersion } }).toEqual(before);
  });

  test('decides again after a conflict', async () => {
    const { options, node } = aNodeApi(3);
    await expect(cordonNode(options)).resolves.toMatchObject({ changed: true });
    expect(node().spec?.unschedulable).toBe(true);
  });

  test('ends with a transient error if conflicts continue', async () => {
    const { options, node } = aNodeApi(100);
    await expect(cordonNode(options)).rejects.toMatchObject({ code: 'NODE_CONFLICT', retry: 'transient' });
    expect(node().spec?.unschedulable).toBe(false);
  });

  test('is not retried if it is refused', async () => {
    const { options, node } = aNodeApi(0);
    const refusal = new KubeApiError(403, 'Forbidden', 'no permission');
    const request = <T>(method: string): Promise<T> => (method === 'GET' ? Promise.resolve(node() as T) : Promise.reject(refusal));
    await expect(cordonNode({ ...options, client: { ...options.client, request } })).rejects.toBe(refusal);
  });

  test('records once which of the pods to be evicted last were there', async () => {
    const { options } = aNodeApi(0);
    await cordonNode({ ...options, lastUids: ['uid-a'] });
    await expect(cordonNode({ ...options, lastUids: ['uid-b'] })).resolves.toMatchObject({ owned: { last: ['uid-a'] } });
  });

  test('reports that a repetition changed nothing', async () => {
    const { options } = aNodeApi(0);
    await cordonNode(options);
    await expect(cordonNode(options)).resolves.toMatchObject({ changed: false, owned: { prior: null } });
  });

  describe('a Node that is known already', () => {
    test('is changed without being read', async () => {
      const { options, node, reads } = aNodeApi(0);
      await expect(cordonNode({ ...options, known: node() })).resolves.toMatchObject({ changed: true });
      expect(node().spec?.unschedulable).toBe(true);
      expect(reads()).toBe(0);
    });

    test('is read when it has changed since', async () => {
      const { options, node, reads } = aNodeApi(0);
      const known = node();
      await cordonNode(options);
      const before = reads();
      await expect(restoreNode({ ...options, known: { ...known, spec: node().spec ?? {}, metadata: { ...node().metadata, resourceVersion: '1' } } })).resolves.toMatchObject({ changed: true }); // prettier-ignore
      expect(node().spec?.unschedulable).toBe(false);
      expect(reads() - before).toBe(1);
    });

    test('is read before it counts as needing no change', async () => {
      const { options, node } = aNodeApi(0);
      const known = node();
      await cordonNode(options);
      await expect(restoreNode({ ...options, known })).resolves.toMatchObject({ changed: true });
      expect(node().spec?.unschedulable).toBe(false);
    });
  });

  test('is not made as long as the Node that it would be made to forbids it, known or read', async () => {
    const { options, node } = aNodeApi(0);
    const known = node();
    const unless = ({ spec }: KubeNode): string | undefined => (spec?.unschedulable === true ? 'cordoned' : undefined);
    await cordonNode(options);
    await expect(restoreNode({ ...options, known, unless })).resolves.toEqual({ changed: false, keptByOther: false, refused: 'cordoned' });
    await expect(restoreNode({ ...options, known: node(), unless })).resolves.toMatchObject({ refused: 'cordoned' });
    expect(node().spec?.unschedulable).toBe(true);
  });
});
