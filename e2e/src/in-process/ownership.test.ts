import { CORDONED_ANNOTATION, GROUP, hasVoidOwnership, isOwned, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NODE = 'node-1';

const cordon = ({ cluster }: Fleet, unschedulable: true | null): void => {
  cluster.store.patch('Node', { name: NODE }, { spec: { unschedulable } });
};
const marksOf = (fleet: Fleet): string[] =>
  Object.keys(fleet.nodeObject(NODE)?.metadata.annotations ?? {}).filter((key) => key.startsWith(GROUP));
const isVoid = (fleet: Fleet): boolean => fleet.cluster.nodes.some(hasVoidOwnership);

describe('a node that an administrator uncordons in the middle of its update', () => {
  test('loses its ownership annotation, and keeps the cordon that the administrator makes later for other reasons', async () => {
    const fleet = aFleet({ nodes: 2 });
    const isGoingDown = (): boolean => fleet.shadow(NODE)?.status?.progress?.step === 'Rebooting' && !fleet.cluster.host(NODE).isUp;
    expect(await fleet.until(isGoingDown, 2 * HOUR)).toBe(true);
    cordon(fleet, null);
    expect(marksOf(fleet)).toEqual([CORDONED_ANNOTATION]);
    expect(await fleet.until(() => marksOf(fleet).length === 0, 1_000)).toBe(true);
    cordon(fleet, true);
    expect(await fleet.until(() => fleet.shadow(NODE)?.spec.state === 'Idle', 2 * HOUR)).toBe(true);
    await fleet.rest(10 * MINUTE);
    expect(fleet.node(NODE)).toEqual({ ready: true, cordoned: true });
    expect(marksOf(fleet)).toEqual([]);
  });

  test('keeps that cordon even if it was made before the annotation could be removed', async () => {
    const fleet = aFleet({ nodes: 2 });
    const isGoingDown = (): boolean => fleet.shadow(NODE)?.status?.progress?.step === 'Rebooting' && !fleet.cluster.host(NODE).isUp;
    expect(await fleet.until(isGoingDown, 2 * HOUR)).toBe(true);
    cordon(fleet, null);
    cordon(fleet, true);
    expect(await fleet.until(() => fleet.shadow(NODE)?.spec.state === 'Idle', 2 * HOUR)).toBe(true);
    await fleet.rest(10 * MINUTE);
    expect(fleet.node(NODE)).toEqual({ ready: true, cordoned: true });
    expect(marksOf(fleet)).toEqual([]);
  });

  test('is cordoned again by the next step of its drain, and restored in the end', async () => {
    const fleet = aFleet({ nodes: 2, drainTimeoutMs: HOUR });
    fleet.setBudget('web', 0);
    expect(await fleet.until(() => fleet.updating.some((name) => fleet.node(name).cordoned), 2 * HOUR)).toBe(true);
    const [name = ''] = fleet.updating;
    const markOf = (): string | undefined => fleet.nodeObject(name)?.metadata.annotations?.[CORDONED_ANNOTATION];
    const before = markOf();
    await fleet.rest(MINUTE);
    fleet.cluster.store.patch('Node', { name }, { spec: { unschedulable: null } });
    expect(await fleet.until(() => fleet.node(name).cordoned, 2 * MINUTE)).toBe(true);
    expect(markOf()).not.toBe(before);
    fleet.setBudget('web', 1);
    expect(await fleet.rollOut(4 * HOUR)).toBe(true);
    expect(fleet.cluster.nodes.filter((node) => isOwned(node) || hasVoidOwnership(node))).toEqual([]);
  });

  test('and whose label of excluded nodes is removed loses that annotation, too', async () => {
    const fleet = aFleet({ nodes: 2, agentSettings: { excludeFromLbWaitMs: 10 * MINUTE } });
    const labelled = (): string | undefined =>
      fleet.names.find((name) => fleet.nodeObject(name)?.metadata.labels?.[EXCLUDE_FROM_LB_LABEL] !== undefined);
    expect(await fleet.until(() => labelled() !== undefined, 2 * HOUR)).toBe(true);
    fleet.cluster.store.patch('Node', { name: labelled() ?? '' }, { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null } } });
    expect(isVoid(fleet)).toBe(true);
    expect(await fleet.until(() => !isVoid(fleet), 1_000)).toBe(true);
    expect(await fleet.rollOut(4 * HOUR)).toBe(true);
  });
});

describe('the removal of the README', () => {
  test('waits for a void annotation: when the last shadow is gone, no node has one', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0 });
    expect(await fleet.until(() => fleet.node(NODE).cordoned, HOUR)).toBe(true);
    // For a while the API server rejects all changes of the node.
    const untilMs = fleet.clock.monotonic() + 3 * MINUTE;
    fleet.api.faults.beforeRequest = ({ method, path }) =>
      method === 'PATCH' && path.includes('/nodes/') && fleet.clock.monotonic() < untilMs
        ? Promise.reject(new Error('connection reset by peer'))
        : undefined;
    fleet.cluster.store.patch('Node', { name: NODE }, { spec: { unschedulable: null } });
    fleet.cluster.store.patch('Node', { name: NODE }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
    let left: string[] | undefined;
    const isGone = (): boolean => fleet.shadow(NODE) === undefined;
    expect(
      await fleet.at(
        isGone,
        () => {
          left = marksOf(fleet);
        },
        2 * HOUR,
      ),
    ).toBe(true);
    expect(left).toEqual([]);
  });
});
