import { CONFIG as AGENT_CONFIG, settingsOf } from '@brupop/agent';
import { CONFIG as APISERVER_CONFIG } from '@brupop/apiserver';
import { parseControllerConfig } from '@brupop/controller';
import { VirtualClock } from '@brupop/ports';
import { loadConfig } from '@brupop/process';
import { QUICK_CLUSTER, QUICK_HOSTS } from '../fleet/quick-timings.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { FleetOptions } from './fleet.ts';

const REQUIRED = { MY_NODE_NAME: 'any', APISERVER_INTERNAL_PORT: '8443' };

/** The fleet of a scenario; its environment is parsed as the processes parse theirs. */
export function optionsFor({ fleet, env }: Scenario): FleetOptions {
  const given = env?.(new VirtualClock().now()) ?? {};
  const controller = parseControllerConfig({ ...REQUIRED, ...given.controller });
  if (!controller.ok) throw new Error(controller.problems.join('\n'));
  const agent = loadConfig(AGENT_CONFIG, { ...REQUIRED, UPDATE_CHECK_INTERVAL_IN_SEC: '10', ...given.agent });
  const apiserver = loadConfig(APISERVER_CONFIG, { ...REQUIRED, ...given.apiserver });
  return {
    nodes: fleet.nodes,
    webReplicas: fleet.webReplicas ?? 4,
    policy: controller.policy,
    agentSettings: settingsOf(agent),
    drainTimeoutMs: apiserver.drainTimeoutMs,
    clusterTimings: QUICK_CLUSTER,
    hostTimings: QUICK_HOSTS,
  };
}
