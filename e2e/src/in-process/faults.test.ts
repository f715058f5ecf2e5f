import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { seededRandom } from '@brupop/ports';
import { faultNamed, FAULTS } from '@brupop/simulator';
import type { Fault } from '@brupop/simulator';
import { describe, expect, test } from '@jest/globals';
import { aNodeEnd, allNodes, nodeEnds } from '../fleet/node-end.ts';
import type { NodeEnd } from '../fleet/node-end.ts';
import { OLD } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LIMIT = 2;

const commands = (fleet: Fleet, node: string, command: string): number =>
  fleet.cluster.events.filter(({ type, subject, message }) => type === 'host-command' && subject === node && message === command).length;

/** Expectations beyond the update of every other node at the first attempt. */
interface Promised {
  /** Final state of the target node; by default like all others. */
  readonly end?: Partial<NodeEnd>;
  /** Expectations during the rollout. */
  readonly first?: (fleet: Fleet, target: string) => boolean;
  /** Further expectations at the end. */
  readonly then?: (fleet: Fleet, target: string) => void;
}

/** Whether an update of the node has failed that often, and it is back in service. */
const hasFailed = (fleet: Fleet, node: string, times = 1): boolean => {
  const { spec, status } = fleet.shadow(node) ?? {};
  const { ready, cordoned } = fleet.node(node);
  return ready && !cordoned && (status?.crash_count ?? 0) >= times && spec?.state === 'Idle' && status?.current_state === 'Idle';
};

const PROMISES: Readonly<Record<string, Promised>> = {
  'download-fails': {
    then: (fleet, target) => {
      expect(commands(fleet, target, 'prepare')).toBe(2);
    },
  },
  rollback: { first: hasFailed, end: { boots: 2, failures: 1 } },
  'rollback-always': {
    first: (fleet, target) => hasFailed(fleet, target, 3),
    end: { version: OLD, boots: 3, failures: 3 },
  },
  'reboot-refused': {
    first: (fleet, target) => fleet.shadow(target)?.status?.progress?.reason === 'RebootRefused',
  },
  'child-dies': {
    then: (fleet, target) => {
      expect(commands(fleet, target, 'refresh') + commands(fleet, target, 'prepare')).toBeGreaterThan(2);
    },
  },
  'never-comes-back': {
    first: (fleet, target) => !fleet.node(target).ready,
    end: { version: OLD, boots: 0, state: 'RebootedIntoUpdate, reported StagedAndPerformedUpdate', ready: false, cordoned: true },
  },
  'node-dead': {
    first: (fleet, target) => fleet.shadow(target)?.status?.conditions?.some(({ reason }) => reason === 'NodeNotReady') === true,
    end: { version: OLD, boots: 0, ready: false },
  },
  // It may have been staged when it was cordoned; then its update is called off at the deadline.
  cordoned: {
    first: (fleet, target) => fleet.shadow(target)?.spec.state === 'Idle' && fleet.shadow(target)?.status?.current_state === 'Idle',
    end: { version: OLD, boots: 0, cordoned: true },
  },
  'lb-excluded': {
    then: (fleet, target) => {
      expect(fleet.nodeObject(target)?.metadata.labels?.[EXCLUDE_FROM_LB_LABEL]).toBe('administrator');
    },
  },
  'pdb-blocks': { first: (fleet) => fleet.cluster.drainStatistics().blocked > 0 },
};

/** A fault that affects every node with a pod of the budget. */
const OF_MANY_NODES = 'pdb-blocks-forever';

/** Applies the fault at its moment. @returns its target */
async function strike(fleet: Fleet, fault: Fault): Promise<string> {
  const come = (): boolean => {
    if (fault.moment === 'at-once') return true;
    return fault.moment === 'registered' ? fleet.hasReported() : fleet.updating.length > 0;
  };
  expect(await fleet.until(come, HOUR)).toBe(true);
  const [node] = fault.moment === 'on-updated-node' ? fleet.updating : [];
  return fault.apply(fleet.cluster, { random: seededRandom(1), ...(node === undefined ? {} : { node }) }).target ?? '';
}

describe('a fault', () => {
  test.each(FAULTS.filter(({ name }) => name !== OF_MANY_NODES))('$name: $help', async (fault) => {
    const { end, first, then } = PROMISES[fault.name] ?? {};
    const fleet = aFleet({ nodes: 5, webReplicas: fault.lasting ? 0 : 6, policy: { maxConcurrentUpdates: LIMIT } });
    const target = await strike(fleet, fault);
    expect(target).not.toBe('');
    if (first !== undefined) expect(await fleet.until(() => first(fleet, target), 24 * HOUR)).toBe(true);
    const isSettled = (node: string): boolean => (fault.lasting && node === target) || fleet.isDone(node);
    await fleet.until(() => fleet.names.every(isSettled), 24 * HOUR);
    const expected = { ...allNodes(fleet), ...(end === undefined ? {} : { [target]: aNodeEnd(end) }) };
    expect(nodeEnds(fleet)).toEqual(expected);
    expect(fleet.mostUpdating).toBeLessThanOrEqual(LIMIT);
    then?.(fleet, target);
  });

  test(`${OF_MANY_NODES}: ${faultNamed(OF_MANY_NODES).help}`, async () => {
    const fleet = aFleet({ nodes: 8, webReplicas: 3, drainTimeoutMs: MINUTE });
    const target = await strike(fleet, faultNamed(OF_MANY_NODES));
    const app = target.split('/')[1] ?? '';
    const isBlocked = (node: string): boolean => fleet.cluster.pods('default', { app }).some(({ spec }) => spec.nodeName === node);
    const isSettled = (node: string): boolean => (isBlocked(node) ? hasFailed(fleet, node) : fleet.isDone(node));
    expect(await fleet.until(() => fleet.names.every(isSettled), 24 * HOUR)).toBe(true);
    const blocked = fleet.names.filter(isBlocked);
    expect(blocked).toHaveLength(3);
    expect(fleet.names.filter((name) => fleet.cluster.host(name).version === OLD)).toEqual(blocked);
  });
});
