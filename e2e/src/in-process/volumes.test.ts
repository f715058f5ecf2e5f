import { describe, expect, test } from '@jest/globals';
import { NEW } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;

/** A workload on node-1 with its own claim. */
function aWorkload(kind: 'StatefulSet' | 'DaemonSet', name: string): object[] {
  const metadata = { labels: { app: name } };
  const spec = {
    nodeSelector: { 'kubernetes.io/hostname': 'node-1' },
    containers: [{ name, image: 'x' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
  };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: { volumeName: `pv-${name}` },
  };
  const workload = {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'default' },
    spec: { replicas: 1, selector: { matchLabels: metadata.labels }, template: { metadata, spec } },
  };
  return [claim, workload];
}

const timeOf = (fleet: Fleet, type: string, subject: string): number =>
  fleet.cluster.events.find((event) => event.type === type && event.subject === subject)?.atMs ?? NaN;
const bootOf = (fleet: Fleet): number =>
  fleet.cluster.events.find(({ type, subject }) => type === 'node-not-ready' && subject === 'node-1')?.atMs ?? NaN;
const reasons = (fleet: Fleet): string[] =>
  fleet.api.store.list<{ reason?: string }>({ group: '', resource: 'events' }).map(({ reason = '' }) => reason);
/** Counts, from now on, the operator's lists of VolumeAttachments. */
function countLists(fleet: Fleet): () => number {
  let count = 0;
  fleet.api.audit(({ resource, verb }) => {
    if (resource === 'volumeattachments' && verb === 'list') count++;
  });
  return () => count;
}

describe('a drained node whose pods used volumes', () => {
  test('reboots when they are detached, at the cost of one list', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    const lists = countLists(fleet);
    fleet.cluster.apply(aWorkload('StatefulSet', 'db'));
    expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
    expect(timeOf(fleet, 'volume-detached', 'pv-db')).toBeLessThan(bootOf(fleet));
    expect(lists()).toBe(1);
    expect(reasons(fleet)).not.toContain('VolumesAttached');
  });

  test('shows which volumes it waits for, and reboots if they stay attached', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    fleet.cluster.apply(aWorkload('StatefulSet', 'db'));
    fleet.cluster.keepVolumesAttached(true);
    const isNamed = (): boolean => fleet.shadow('node-1')?.status?.progress?.message === 'Waiting for volume pv-db to be detached';
    expect(await fleet.until(isNamed, 30 * MINUTE)).toBe(true);
    const namedAt = fleet.clock.now();
    expect(await fleet.until(() => fleet.cluster.host('node-1').version === NEW, 10 * MINUTE)).toBe(true);
    expect(fleet.clock.now() - namedAt).toBeLessThan(4 * MINUTE);
    expect(reasons(fleet)).toContain('VolumesAttached');
    expect(fleet.shadow('node-1')?.status?.crash_count).toBe(0);
  });

  test('does not wait for those of pods that stay', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    fleet.cluster.apply([...aWorkload('StatefulSet', 'db'), ...aWorkload('DaemonSet', 'logs')]);
    expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
    expect(timeOf(fleet, 'volume-detached', 'pv-logs')).toBeNaN();
    expect(reasons(fleet)).not.toContain('VolumesAttached');
  });
});

test('VolumeAttachments are not listed if no evicted pod has used a volume', async () => {
  const fleet = aFleet();
  const lists = countLists(fleet);
  fleet.cluster.apply(aWorkload('DaemonSet', 'logs'));
  expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
  expect(lists()).toBe(0);
});

test('a pod that no controller recreates is named in Events before it is evicted', async () => {
  const fleet = aFleet({ nodes: 2, webReplicas: 0 });
  const spec = { nodeName: 'node-1', containers: [{ name: 'x', image: 'x' }] };
  fleet.cluster.apply([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare', namespace: 'default' }, spec }]);
  expect(await fleet.rollOut(60 * MINUTE)).toBe(true);
  const events = fleet.api.store
    .list<{ reason?: string; message?: string; involvedObject?: { kind?: string; name?: string } }>({ group: '', resource: 'events' })
    .filter(({ reason }) => reason === 'BarePodEvicted');
  expect(events.map(({ involvedObject, message }) => [involvedObject?.kind, involvedObject?.name, message])).toEqual(
    expect.arrayContaining([
      ['Node', 'node-1', 'Evicting default/bare: no controller recreates these pods'],
      ['Pod', 'bare', 'Evicted because node node-1 is being drained for an update. No controller recreates this pod'],
    ]),
  );
});
