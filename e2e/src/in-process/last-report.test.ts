import type { Controller, PlanView } from '@brupop/controller';
import { jsonResponse } from '@brupop/ports';
import { describe, expect, test } from '@jest/globals';
import inject from 'light-my-request';
import { NEW, NEXT } from '../fleet/versions.ts';
import { aFleet } from './a-fleet.ts';
import type { Fleet } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SLOW_PROBES = { readinessPeriodMs: 10_000 };
const CUT_OFF = 'node-1';
const OTHER = 'node-2';

const leaderOf = (fleet: Fleet): Controller | undefined => [...fleet.runner.controllers].find((controller) => controller.isLeader());
const fetchText = async (fleet: Fleet, url: string): Promise<string> =>
  (await inject(leaderOf(fleet)?.app as never, { method: 'GET', url })).payload;
const conditionsOf = (fleet: Fleet, node: string): string[] =>
  (fleet.shadow(node)?.status?.conditions ?? []).flatMap(({ type, status, reason }) =>
    type === 'Updating' || type === 'Healthy' ? [`${type}=${status} ${reason}`] : [],
  );
const isUpToDate = (fleet: Fleet, node: string): boolean => conditionsOf(fleet, node)[0] === 'Updating=False UpToDate';

/** Makes the API server reject the token of one node's agent in every review. @returns a function that ends it */
function rejectingToken(fleet: Fleet, node: string): () => void {
  fleet.api.faults.beforeRequest = ({ body = '{}' }, _, { resource }) => {
    if (resource !== 'tokenreviews') return undefined;
    const { spec } = JSON.parse(body) as { spec: { token: string } };
    const claims = Buffer.from(spec.token.split('.')[1] ?? '', 'base64url').toString('utf8');
    if (!claims.includes(`"${node}"`)) return undefined;
    return jsonResponse(201, { kind: 'TokenReview', spec, status: { user: {}, error: 'the token has been revoked' } });
  };
  return () => {
    fleet.api.faults.beforeRequest = undefined;
  };
}

const hostFault =
  (strike: (host: ReturnType<Fleet['cluster']['host']>) => void) =>
  (fleet: Fleet): (() => void) => {
    const host = fleet.cluster.host(CUT_OFF);
    strike(host);
    return () => {
      host.faults.clear();
    };
  };

interface Cause {
  readonly name: string;
  /** @returns a function that ends it */
  readonly strike: (fleet: Fleet) => () => void;
  readonly reason: string;
  readonly message: RegExp;
  readonly metric: string;
  readonly limitMs: number;
}

const CAUSES: readonly Cause[] = [
  {
    name: 'whose host reports an update state that the agent does not know',
    strike: hostFault((host) => {
      host.faults.reportsState('Verifying');
    }),
    reason: 'UpdateCheckFailing',
    message: /^The host reports an unknown update state: Verifying$/,
    metric: 'brupop_hosts_update_check_failing{reason="UnknownState"} 1',
    limitMs: HOUR,
  },
  {
    // Its agent ends each time that it finds the socket dead.
    name: 'whose host API refuses connections',
    strike: hostFault((host) => {
      host.faults.refusesConnections();
    }),
    reason: 'AgentNotReady',
    message: /agent to be Ready.*Its last report: GET \S+ failed to reach the host API: connect ECONNREFUSED/,
    metric: 'brupop_hosts_update_check_failing{reason="HostUnreachable"} 1',
    limitMs: 95 * MINUTE,
  },
  {
    name: 'whose host API accepts requests and never answers',
    strike: hostFault((host) => {
      host.faults.stall(HOUR);
    }),
    reason: 'AgentNotReady',
    message: /agent to be Ready.*Its last report: GET \S+ failed to reach the host API: .*not answered within 30 s/,
    metric: 'brupop_hosts_update_check_failing{reason="HostUnreachable"} 1',
    limitMs: HOUR,
  },
  {
    name: 'whose agent has its token rejected',
    strike: (fleet) => rejectingToken(fleet, CUT_OFF),
    reason: 'AgentNotReady',
    message: /agent to be Ready; see the log of its pod/,
    metric: 'brupop_hosts_held{reason="AgentNotReady"} 1',
    limitMs: HOUR,
  },
];

describe('after a release, a node', () => {
  test.each(CAUSES)(
    '$name is not shown as up to date, the cause is reported, and the other node is updated',
    async ({ strike, reason, message, metric, limitMs }) => {
      const fleet = aFleet({ nodes: 2, webReplicas: 0, clusterTimings: SLOW_PROBES, node: () => ({ version: NEW }) });
      expect(await fleet.until(() => fleet.names.every((name) => isUpToDate(fleet, name)), 30 * MINUTE)).toBe(true);
      const end = strike(fleet);
      // What the apiserver has seen of a token stands for 20 minutes.
      await fleet.rest(25 * MINUTE);
      fleet.cluster.repository.available.push(NEXT);

      const shown = (): string[] =>
        (fleet.shadow(CUT_OFF)?.status?.conditions ?? []).flatMap((condition) => (message.test(condition.message) ? [condition.type] : []));
      expect(await fleet.until(() => shown().length === 2 && fleet.isDone(OTHER, NEXT), limitMs - 25 * MINUTE)).toBe(true);
      expect(conditionsOf(fleet, CUT_OFF)).toEqual([`Updating=Unknown ${reason}`, `Healthy=False ${reason}`]);
      const plan = JSON.parse(await fetchText(fleet, '/plan')) as PlanView;
      expect(plan.nodes.find(({ node }) => node === CUT_OFF)).toMatchObject({
        reason,
        message: expect.stringMatching(message) as unknown as string,
      });
      expect((await fetchText(fleet, '/metrics')).split('\n')).toContain(metric);

      end();
      expect(await fleet.until(() => fleet.isDone(CUT_OFF, NEXT), 2 * HOUR)).toBe(true);
    },
  );
});
