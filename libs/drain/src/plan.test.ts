import { describe, expect, test } from '@jest/globals';
import { decideMode, planDrain, type DrainMode, type DrainPolicy } from './plan.ts';
import type { DrainPod } from './pod.ts';

const minute = 60_000;

describe(decideMode, () => {
  test.each<{ name: string; policy: DrainPolicy; passedMs: number; expected: DrainMode }>([
    { name: 'evicts before the timeout', policy: { timeoutMs: minute, onTimeout: 'skip' }, passedMs: minute - 1, expected: 'evict' },
    { name: 'gives up at the timeout', policy: { timeoutMs: minute, onTimeout: 'skip' }, passedMs: minute, expected: 'giveUp' },
    { name: 'forces at the timeout', policy: { timeoutMs: minute, onTimeout: 'force' }, passedMs: minute, expected: 'force' },
    { name: 'continues past the timeout', policy: { timeoutMs: minute, onTimeout: 'wait' }, passedMs: minute, expected: 'evict' },
    { name: 'has no limit with timeout 0', policy: { timeoutMs: 0, onTimeout: 'force' }, passedMs: 1e12, expected: 'evict' },
    {
      name: 'does not time out when the wall clock has been set back',
      policy: { timeoutMs: minute, onTimeout: 'skip' },
      passedMs: -1,
      expected: 'evict',
    },
  ])('$name', ({ policy, passedMs, expected }) => {
    expect(decideMode({ sinceMs: 1000, nowMs: 1000 + passedMs, policy })).toBe(expected);
  });
});

function aPod(name: string, extra: { priority?: number; deletionTimestamp?: string; component?: string } = {}): DrainPod {
  const { priority, deletionTimestamp, component } = extra;
  return {
    metadata: {
      name,
      namespace: component === undefined ? 'shop' : 'brupop',
      uid: name,
      ...(component === undefined ? {} : { labels: { component } }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: { nodeName: 'node-1', ...(priority === undefined ? {} : { priority }) },
    status: { phase: 'Running' },
  };
}

describe(planDrain, () => {
  const base = {
    nodeName: 'node-1',
    ours: { namespace: 'brupop', labels: { component: 'agent' } },
    last: { namespace: 'brupop', labels: { component: 'apiserver' } },
    sinceMs: 0,
    policy: { timeoutMs: minute, onTimeout: 'force' } as const,
  };
  const names = (pods: readonly DrainPod[]): string[] => pods.map(({ metadata }) => metadata.name);

  test('evicts low priorities first, then by name, and those that serve the drain last', () => {
    const pods = [
      aPod('api', { component: 'apiserver' }),
      aPod('dns', { priority: 2_000_000_000 }),
      aPod('b'),
      aPod('a'),
      aPod('batch', { priority: -5 }),
    ];
    expect(names(planDrain({ ...base, pods, nowMs: 0 }).evict)).toEqual(['batch', 'a', 'b', 'dns', 'api']);
  });

  test.each([
    { name: 'blocks the drain at first', pods: ['api'], nowMs: minute - 1, evict: ['api'], skip: [] },
    { name: 'is left to the reboot after a minute, when it alone is left', pods: ['api'], nowMs: minute, evict: [], skip: ['last'] },
    { name: 'is still evicted while another pod is waited for', pods: ['api', 'web'], nowMs: minute, evict: ['web', 'api'], skip: [] },
  ])('a pod that serves the drain $name', ({ pods, nowMs, evict, skip }) => {
    const plan = planDrain({
      ...base,
      policy: { timeoutMs: 0, onTimeout: 'wait' },
      pods: pods.map((pod) => aPod(pod, pod === 'api' ? { component: 'apiserver' } : {})),
      nowMs,
    });
    expect([names(plan.evict), plan.skip.map(({ reason }) => reason)]).toEqual([evict, skip]);
  });

  test('if a pod that serves the drain has come back, others of its controller stay, and those of other controllers are evicted', () => {
    const server = (name: string, owner: string): DrainPod => {
      const { metadata, ...pod } = aPod(name, { component: 'apiserver' });
      return { ...pod, metadata: { ...metadata, ownerReferences: [{ kind: 'ReplicaSet', name: owner, controller: true }] } };
    };
    const pods = [server('a-1', 'a'), server('a-2', 'a'), server('b-1', 'b')];
    const plan = planDrain({ ...base, pods, lastUids: ['a-1', 'b-1'], nowMs: 0 });
    expect(names(plan.evict)).toEqual(['b-1']);
    expect(plan.skip.map(({ pod, reason }) => `${pod.metadata.name} ${reason}`)).toEqual(['a-2 cameBack', 'a-1 last']);
  });

  test('waits for terminating pods and names those that it leaves', () => {
    const plan = planDrain({
      ...base,
      pods: [aPod('going', { deletionTimestamp: '1970-01-01T00:00:30Z' }), aPod('agent', { component: 'agent' })],
      nowMs: 40_000,
    });
    expect([plan.mode, names(plan.wait), plan.skip.map(({ reason }) => reason), plan.evict]).toEqual(['evict', ['going'], ['ours'], []]);
  });

  describe('past the drain timeout', () => {
    const skip = { ...base, policy: { timeoutMs: 15 * minute, onTimeout: 'skip' } as const, nowMs: 16 * minute };
    const ending = (at: string): DrainPod => aPod('going', { deletionTimestamp: `1970-01-01T00:${at}Z` });
    test.each<{ name: string; pods: readonly DrainPod[]; mode: DrainMode }>([
      { name: 'a pod within its grace period is waited for', pods: [ending('30:00')], mode: 'evict' },
      { name: 'a pod is given a minute after its grace period', pods: [ending('15:30')], mode: 'evict' },
      { name: 'a pod that outlived its grace period ends the drain', pods: [ending('14:59')], mode: 'giveUp' },
      { name: 'a grace period that ends too late for the reboot ends the drain', pods: [ending('49:01')], mode: 'giveUp' },
      {
        name: 'a pod that cannot be evicted ends the drain, even if other pods are ending',
        pods: [ending('30:00'), aPod('db')],
        mode: 'giveUp',
      },
      { name: 'an unreadable end ends the drain', pods: [aPod('going', { deletionTimestamp: 'soon' })], mode: 'giveUp' },
    ])('$name', ({ pods, mode }) => {
      expect(planDrain({ ...skip, pods }).mode).toBe(mode);
    });
  });

  test('does not wait, when forced, for a pod that outlived its grace period', () => {
    const pods = [
      aPod('stuck', { deletionTimestamp: '1970-01-01T00:00:30Z' }),
      aPod('going', { deletionTimestamp: '1970-01-01T00:05:00Z' }),
    ];
    const plan = planDrain({ ...base, pods, nowMs: 2 * minute });
    expect([plan.mode, names(plan.wait)]).toEqual(['force', ['going']]);
  });
});
