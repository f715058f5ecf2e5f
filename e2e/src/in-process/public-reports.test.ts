import { AGENT_COMPONENT, APISERVER_COMPONENT } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { NEW, OLD } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const isDraining = (fleet: Fleet, node: string): boolean => fleet.shadow(node)?.status?.progress?.step === 'Draining';
const isBlocked = (fleet: Fleet, node: string): boolean => isDraining(fleet, node) && fleet.shadow(node)?.status?.progress?.reason != null;
const podNamed = (fleet: Fleet, name: string) => fleet.cluster.store.get('Pod', { namespace: 'default', name });
const evictionsOf = (fleet: Fleet, name: string): string[] =>
  fleet.cluster.evictions.flatMap((eviction) => (eviction.name === name ? [`${eviction.nodeName ?? ''} ${String(eviction.status)}`] : []));

describe('public bug reports about node updaters', () => {
  // kubernetes/kubernetes#138229: `kubectl drain` goes on waiting for, or evicts, a pod of the same name on another node.
  test('a blocked StatefulSet pod that is deleted by hand and recreated elsewhere ends the drain and is not evicted there', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 2 });
    fleet.setBudget('db', 0);
    const blockedPod = (): string | undefined =>
      ['db-0', 'db-1', 'db-2'].find((name) => isBlocked(fleet, podNamed(fleet, name)?.spec.nodeName ?? ''));
    expect(await fleet.until(() => blockedPod() !== undefined, HOUR)).toBe(true);
    const name = blockedPod() ?? '';
    const before = podNamed(fleet, name);
    const node = before?.spec.nodeName ?? '';
    fleet.cluster.store.delete('Pod', { namespace: 'default', name });
    const isElsewhere = (): boolean => {
      const pod = podNamed(fleet, name);
      return pod?.metadata.uid !== before?.metadata.uid && (pod?.spec.nodeName ?? node) !== node;
    };
    expect(await fleet.until(isElsewhere, 5 * MINUTE)).toBe(true);
    const uid = podNamed(fleet, name)?.metadata.uid;
    expect(await fleet.until(() => fleet.isDone(node), 10 * MINUTE)).toBe(true);
    expect(podNamed(fleet, name)?.metadata.uid).toBe(uid);
    expect(new Set(evictionsOf(fleet, name))).toEqual(new Set([`${node} 429`]));
  });

  // deckhouse/deckhouse#23007: the drain gives up at the first eviction whose admission webhook ends the connection.
  test('an eviction that an admission webhook answers once with EOF is retried, and the node reboots without the pod', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 3 });
    const asked = new Map<string, number>();
    fleet.api.webhooks.add({
      name: 'virtualization.example.com',
      resources: ['pods/eviction'],
      answer: ({ name = '' }) => {
        const times = (asked.get(name) ?? 0) + 1;
        asked.set(name, times);
        return times === 1 ? { fails: 'EOF' } : {};
      },
    });
    const atReboot: string[] = [];
    fleet.onChange(() => {
      for (const { type, subject } of fleet.cluster.events.slice(-1)) {
        if (type !== 'host-shutting-down') continue;
        atReboot.push(
          ...fleet.cluster
            .pods('default')
            .flatMap(({ metadata, spec }) =>
              spec.nodeName === subject && !metadata.name.startsWith('node-exporter') ? [metadata.name] : [],
            ),
        );
      }
    });
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(asked.size).toBeGreaterThan(0);
    expect([...asked].filter(([, times]) => times < 2)).toEqual([]);
    expect(atReboot).toEqual([]);
    expect(fleet.names.map((name) => fleet.mostFailures(name))).toEqual([0, 0, 0]);
  });

  // kubereboot/kured#847, kubereboot/kured#137: the lock of a node that no longer exists is never released.
  test('a node that is removed for good during its drain releases its slot within minutes', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 2 });
    fleet.setBudget('db', 0);
    const draining = (): string | undefined => fleet.names.find((name) => isDraining(fleet, name));
    expect(await fleet.until(() => draining() !== undefined, HOUR)).toBe(true);
    const gone = draining() ?? '';
    fleet.cluster.removeNode(gone);
    expect(await fleet.until(() => fleet.updating.length === 1, 5 * MINUTE)).toBe(true);
    expect(fleet.updating).not.toContain(gone);
    fleet.setBudget('db', 1);
    expect(await fleet.rollOut(2 * HOUR)).toBe(true);
    expect(fleet.names).toHaveLength(2);
    expect(fleet.shadow(gone)).toBeUndefined();
  });

  // kubereboot/kured#63: the process that should uncordon dies right after the reboot, and forgets.
  test('a node whose agent and apiserver are killed right after its reboot does not stay cordoned', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0 });
    const returning = (): string | undefined => fleet.names.find((name) => fleet.boots(name) === 1 && fleet.node(name).cordoned);
    let node = '';
    const kill = (): void => {
      node = returning() ?? '';
      fleet.kill([...fleet.running(APISERVER_COMPONENT), ...fleet.running(AGENT_COMPONENT, node)]);
    };
    expect(await fleet.at(() => returning() !== undefined, kill, HOUR)).toBe(true);
    // And again as soon as its agent runs.
    const first = node;
    const isBack = (): boolean => fleet.node(first).ready && fleet.running(AGENT_COMPONENT, first).length === 1;
    expect(await fleet.at(isBack, kill, 10 * MINUTE)).toBe(true);
    expect(node).toBe(first);
    expect(await fleet.until(() => fleet.isDone(node), 15 * MINUTE)).toBe(true);
    expect(await fleet.rollOut(HOUR)).toBe(true);
    expect(fleet.boots()).toBe(3);
  });

  // bottlerocket-os/bottlerocket-update-operator#452: an older version that the repository offers is never installed.
  test('an older version that a version lock requests is installed like any other', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 3, node: () => ({ version: NEW }) });
    for (const host of fleet.cluster.hosts.values()) host.versionLock = OLD;
    expect(await fleet.until(() => fleet.names.every((name) => fleet.isDone(name, OLD)), 2 * HOUR)).toBe(true);
    expect(fleet.mostUpdating).toBe(1);
    expect(fleet.boots()).toBe(3);
    await fleet.rest(HOUR);
    expect(fleet.names.map((name) => fleet.mostFailures(name))).toEqual([0, 0, 0]);
    expect(fleet.boots()).toBe(3);
  });
});
