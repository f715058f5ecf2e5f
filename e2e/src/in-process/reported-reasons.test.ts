import type { Controller, PlanView } from '@brupop/controller';
import { CRD_MISSING } from '@brupop/crd-models';
import { jsonResponse } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import inject from 'light-my-request';
import { NEW } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;

const controllerOf = (fleet: Fleet): Controller => {
  const leader = [...fleet.runner.controllers].find((controller) => controller.isLeader());
  if (leader === undefined) throw new Error('there is no leader');
  return leader;
};
const fetchText = async (fleet: Fleet, url: string): Promise<string> =>
  (await inject(controllerOf(fleet).app as never, { method: 'GET', url })).payload;
const fetchPlan = async (fleet: Fleet): Promise<PlanView> => JSON.parse(await fetchText(fleet, '/plan')) as PlanView;

interface StoredEvent {
  readonly reason: string;
  readonly message?: string;
  readonly note?: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}
const eventsOf = (fleet: Fleet, reason: string): string[] =>
  fleet.api.store
    .list<StoredEvent>({ group: 'events.k8s.io', resource: 'events' })
    .filter((event) => event.reason === reason)
    .map(({ involvedObject: { kind, name }, message, note }) => `${kind} ${name}: ${message ?? note ?? ''}`);

describe('an operator of a fleet', () => {
  test('finds the same message in condition, Events, log and plan while a budget blocks a drain, and in the failure after it', async () => {
    const fleet = aFleet({ nodes: 2, webReplicas: 2, drainTimeoutMs: 5 * MINUTE });
    for (const { metadata } of fleet.cluster.store.list('PodDisruptionBudget').filter(({ metadata: { name } }) => name === 'db')) {
      fleet.cluster.store.patch('PodDisruptionBudget', metadata, { spec: { maxUnavailable: 0, minAvailable: null } });
    }
    const blocked = (): string | undefined =>
      fleet.names.find((name) => fleet.shadow(name)?.status?.conditions?.some(({ reason }) => reason === 'DrainBlocked'));
    expect(await fleet.until(() => blocked() !== undefined, 30 * MINUTE)).toBe(true);
    const node = blocked() ?? '';
    await fleet.until(() => false, 10_000);

    const message = expect.stringMatching(
      /^PodDisruptionBudget default\/db allows no disruption of pod default\/db-\d$/,
    ) as unknown as string;
    const condition = fleet.shadow(node)?.status?.conditions?.find(({ type }) => type === 'Drained');
    expect(condition).toMatchObject({ status: 'False', reason: 'DrainBlocked', message });
    const words = condition?.message ?? '';
    expect(eventsOf(fleet, 'DrainBlocked').sort()).toEqual([`BottlerocketShadow brs-${node}: ${words}`, `Node ${node}: ${words}`]);
    expect((await fetchPlan(fleet)).nodes.find((view) => view.node === node)).toMatchObject({ reason: 'DrainBlocked', message: words });
    const logged = fleet.log.entries.filter(({ fields }) => fields['reason'] === 'DrainBlocked' && fields['component'] === 'controller');
    expect(logged.map(({ level, fields }) => [level, fields['detail']])).toEqual([
      // For the first minute, which an ordinary drain may take.
      ['debug', words],
      ['warn', words],
    ]);
    expect(await fetchText(fleet, '/metrics')).toContain('\nbrupop_drains_blocked{reason="DisruptionBudget"} 1\n');

    expect(await fleet.until(() => (fleet.shadow(node)?.status?.crash_count ?? 0) > 0, 30 * MINUTE)).toBe(true);
    expect(fleet.shadow(node)?.status?.failure_message).toBe(`The drain did not finish before the deadline: ${words}`);
    await fleet.until(() => fleet.shadow(node)?.status?.current_state === 'Idle', 10 * MINUTE);
    await fleet.until(() => false, 5_000);
    const resting = (await fetchPlan(fleet)).nodes.find((view) => view.node === node);
    expect(resting).toMatchObject({ reason: 'CrashBackoff', message: expect.stringContaining(words) as unknown as string });
    expect(await fetchText(fleet, '/metrics')).toContain('\nbrupop_updates_failed_total{reason="RebootFailed"} 1\n');
  });

  test('is notified of a node that is lost in its own update after five minutes, and of no successful reboot', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0 });
    fleet.cluster.host('node-1').faults.neverComesBack();
    const healthy = (): string[] => {
      const conditions = fleet.shadow('node-1')?.status?.conditions ?? [];
      return conditions.flatMap(({ type, status, reason, message }) => (type === 'Healthy' ? [`${status} ${reason}`, message] : []));
    };
    expect(await fleet.until(() => fleet.updating.includes('node-1') && !fleet.node('node-1').ready, 60 * MINUTE)).toBe(true);
    const since = fleet.clock.now();
    await fleet.until(() => false, 4 * MINUTE);
    expect(healthy()[0]).toBe('True NoTrouble');
    expect(eventsOf(fleet, 'LostInUpdate')).toEqual([]);

    expect(await fleet.until(() => healthy()[0] === 'False LostInUpdate', 2 * MINUTE)).toBe(true);
    expect(fleet.clock.now() - since).toBeGreaterThan(4.9 * MINUTE);
    expect(healthy()[1]).toBe(
      'During the update, the node is not Ready; waiting for the agent to reach RebootedIntoUpdate: Rebooting into 1.27.0',
    );
    expect(eventsOf(fleet, 'LostInUpdate')).toHaveLength(2);
    expect(await fetchText(fleet, '/metrics')).toContain('\nbrupop_hosts_stuck 1\n');
    const { nodes } = await fetchPlan(fleet);
    expect(nodes.find(({ node }) => node === 'node-1')).toMatchObject({ reason: 'LostInUpdate', message: healthy()[1] });

    fleet.cluster.host('node-1').faults.clear();
    fleet.cluster.powerOn('node-1');
    expect(await fleet.rollOut()).toBe(true);
    expect(await fleet.until(() => healthy()[0] === 'True NoTrouble', MINUTE)).toBe(true);
  });

  test('gets an accurate estimate of the end of the rollout as soon as there are figures for one', async () => {
    const fleet = aFleet({ nodes: 6, webReplicas: 0 });
    const done = (): number => fleet.names.filter((name) => fleet.isDone(name)).length;
    const knowsTarget = (name: string): boolean => fleet.shadow(name)?.status?.target_version === NEW;
    await fleet.until(() => fleet.names.every(knowsTarget), 10 * MINUTE);
    const before = (await fetchPlan(fleet)).estimate;
    expect([before.finishesAt, before.unknown]).toEqual([null, 6]);

    expect(await fleet.until(() => done() === 2, 60 * MINUTE)).toBe(true);
    await fleet.until(() => false, 5_000);
    const { estimate, nodes } = await fetchPlan(fleet);
    const startMs = fleet.clock.now();
    const foretold = Date.parse(estimate.finishesAt ?? '') - startMs;
    expect([estimate.unknown, nodes.filter(({ estimatedAt }) => estimatedAt !== undefined).length]).toEqual([0, 4]);
    expect(await fleet.rollOut()).toBe(true);
    const took = fleet.clock.now() - startMs;
    expect(Math.abs(took - foretold) / took).toBeLessThan(0.25);
  });

  test('sees in the metrics the kind and the result of each update', async () => {
    const fleet = aFleet({ nodes: 3, webReplicas: 0 });
    expect(await fleet.rollOut()).toBe(true);
    await fleet.until(() => false, 30_000);
    const lines = (await fetchText(fleet, '/metrics')).split('\n');
    expect(lines).toContain('brupop_leader 1');
    expect(lines).toContain(`brupop_hosts_version{bottlerocket_version="${NEW}",otel_scope_name="brupop-controller"} 3`);
    expect(lines).toContain('brupop_hosts_held{reason="UpToDate"} 3');
    expect(lines).toContain('brupop_update_slots_used 0');
    const value = (series: string): number => Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));
    // The controller is evicted from its own node, the last: who follows it has seen no more than that node's end.
    expect(value('brupop_updates_finished_total')).toBeGreaterThan(0);
    expect(value('brupop_update_phase_duration_seconds_count{phase="monitor"}')).toBe(value('brupop_updates_finished_total'));
  });

  test('finds in the logs of controller and apiserver that the CustomResourceDefinition is missing, and what to do', async () => {
    const fleet = aFleet({ nodes: 1, webReplicas: 0, installed: false });
    // The answer of a real API server for an undefined resource.
    const notFound = { ...jsonResponse(404, {}), text: () => Promise.resolve('404 page not found\n') };
    fleet.api.faults.beforeRequest = ({ path }, { username }) =>
      username.startsWith('system:serviceaccount:') && path.includes('/bottlerocketshadows') ? notFound : undefined;
    fleet.install();
    const components = (): unknown[] => [
      ...new Set(fleet.log.entries.filter(({ message }) => message === CRD_MISSING).map(({ fields }) => fields['component'])),
    ];
    expect(await fleet.until(() => components().length === 2, 5 * MINUTE)).toBe(true);
    expect(components().sort()).toEqual(['apiserver', 'controller']);
    fleet.api.faults.beforeRequest = undefined;
    expect(await fleet.rollOut()).toBe(true);
  });
});
