import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  CONTROLLER_COMPONENT,
  DEFAULT_NAMESPACE,
  ROOT_CA_SECRET,
  CLIENT_CERTIFICATE,
} from '@brupop/crd-models';
import { RENEW_ANNOTATION } from '@brupop/certificates';
import { sleep, systemClock } from '@brupop/ports';
import { eventually } from '../eventually.ts';
import { blockedDrain, isInService, nodeThat, updated } from '../fleet.ts';
import { podsOf } from '../operator.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';
import { allAnswered, callsOf, POD_OF_WEB, webObjects } from '../workload.ts';
import type { Calls } from '../workload.ts';

const START_MS = 300_000;
const ROLLOUT_MS = 900_000;
const AWAY_MS = 5_000;

/** Boots since `before`, by node. */
function boots({ cluster }: ClusterContext): Record<string, number> {
  return Object.fromEntries(cluster.managed.map((machine) => [machine.name, machine.boots.length]));
}

const oneMore = (before: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(before).map(([name, count]) => [name, count + 1]));

/** Waits until nothing is left of a step that has failed. */
async function settle(context: ClusterContext): Promise<void> {
  const { kubectl, cluster, releases } = context;
  await kubectl.apply(webObjects());
  for (const { host } of cluster.managed) {
    host.faults.clear();
    host.powerOn();
  }
  await updated(context, releases.newest, ROLLOUT_MS);
}

/**
 * Publishes a release, causes a disturbance, and checks that every node gets the release with one reboot.
 * @param disturb returns the requests of the client so far, when from then on every request must be answered; it gets those of the start
 */
async function rolloutWith(context: ClusterContext, disturb: (start: Calls) => Promise<Calls>): Promise<void> {
  await settle(context);
  const before = boots(context);
  const start = await callsOf(context.kubectl);
  const version = context.releases.publish();
  const calls = await disturb(start);
  await updated(context, version, ROLLOUT_MS);
  deepEqual(boots(context), oneMore(before), 'each node reboots once');
  context.report(`${await allAnswered(context.kubectl, calls)} requests answered, none failed`);
}

const draining = (context: ClusterContext): Promise<string> => nodeThat(context, 'is being drained', ({ cordoned }) => cordoned, START_MS);

const nextDraining = (context: ClusterContext, than: readonly string[]): Promise<string> =>
  nodeThat(context, 'is being drained next', ({ name, cordoned }) => cordoned && !than.includes(name), START_MS);

/** SIGKILL for every process of a component, as soon as there is one: the drain itself may be moving its pods. */
async function killAll({ kubectl, cluster, report, signal }: ClusterContext, component: string, node?: string): Promise<void> {
  const kill = async (): Promise<number | undefined> => {
    let killed = 0;
    for (const { metadata, spec } of await podsOf(kubectl, component)) {
      if (spec.nodeName === undefined || (node !== undefined && spec.nodeName !== node)) continue;
      killed += await cluster.machine(spec.nodeName).node.killPod(metadata.uid);
    }
    return killed > 0 ? killed : undefined;
  };
  const killed = await eventually(kill, { for: `a process of ${component} to kill`, limitMs: 120_000, signal });
  report(`killed ${killed} processes of ${component}${node === undefined ? '' : ` on ${node}`}`);
}

export const kills: ClusterStep = {
  name: 'kills',
  shows: 'an update survives SIGKILL of the controller, of all apiservers at once, and of the agent, each during the update',
  needs: 'cluster',
  run: async (context) => {
    await rolloutWith(context, async (start) => {
      const first = await draining(context);
      await killAll(context, CONTROLLER_COMPONENT);
      await killAll(context, AGENT_COMPONENT, first);
      await nextDraining(context, [first]);
      await killAll(context, APISERVER_COMPONENT);
      return start;
    });
  },
};

export const restarts: ClusterStep = {
  name: 'restarts',
  shows: 'a drain resumes after kube-apiserver was killed and came back, and after the certificates were rotated',
  needs: 'cluster',
  run: async (context) => {
    const { cluster, kubectl, signal, report } = context;
    await rolloutWith(context, async (start) => {
      const first = await draining(context);
      await cluster.plane.killApiServer();
      await sleep(systemClock, AWAY_MS, signal);
      cluster.plane.startApiServer();
      await cluster.plane.ready(signal);
      report(`kube-apiserver was away while ${first} was drained`);
      // Prolonged, so that it happens in the middle of a drain.
      await kubectl.apply(webObjects({ maxUnavailable: 0 }));
      const { node } = await blockedDrain(context, POD_OF_WEB, START_MS);
      const trusted = await trustedBundle(context);
      await kubectl.run(['annotate', 'secret', ROOT_CA_SECRET, '--namespace', DEFAULT_NAMESPACE, '--overwrite', `${RENEW_ANNOTATION}=now`]);
      // A controller checks this every few minutes, and when it begins to lead.
      await killAll(context, CONTROLLER_COMPONENT);
      await eventually(async () => (await trustedBundle(context)) !== trusted, {
        for: 'agents to be given the new authority',
        limitMs: 300_000,
        signal,
      });
      report(`a new authority was made while ${node} was drained`);
      // While kube-apiserver is away no kube-proxy learns that a pod ends, and requests go on to it: that is not the operator's doing.
      const calls = await callsOf(kubectl);
      report(`${calls.failures.length - start.failures.length} requests failed while kube-apiserver was away`);
      await kubectl.apply(webObjects());
      return calls;
    });
  },
};

const trustedBundle = ({ kubectl }: ClusterContext): Promise<string> =>
  kubectl.run(['get', 'secret', CLIENT_CERTIFICATE, '--namespace', DEFAULT_NAMESPACE, '--output', String.raw`jsonpath={.data.ca\.crt}`]);

export const budget: ClusterStep = {
  name: 'budget',
  shows: 'a budget that allows no eviction blocks the drain, is named, and the drain resumes as soon as it allows one',
  needs: 'cluster',
  run: async (context) => {
    const { kubectl, report } = context;
    await rolloutWith(context, async (start) => {
      await kubectl.apply(webObjects({ maxUnavailable: 0 }));
      // Not every node has a pod of it.
      const { node, message } = await blockedDrain(context, POD_OF_WEB, START_MS);
      report(`${node}: ${message}`);
      await kubectl.apply(webObjects({ maxUnavailable: 1 }));
      return start;
    });
  },
};

export const lost: ClusterStep = {
  name: 'lost',
  shows: 'while a node does not come back from its reboot no other is touched; when it does, the rollout continues',
  needs: 'cluster',
  run: async (context) => {
    const { cluster, fleet, signal } = context;
    await rolloutWith(context, async (start) => {
      for (const { host } of cluster.managed) host.faults.neverComesBack();
      const down = await nodeThat(context, 'is down', ({ ready }) => !ready, START_MS);
      for (const { host } of cluster.managed) host.faults.clear();
      const from = fleet.history.length;
      await sleep(systemClock, 30_000, signal);
      for (const { nodes } of fleet.history.slice(from)) {
        const others = nodes.filter(({ name }) => name !== down);
        ok(others.every(isInService), 'the other nodes stay in service');
      }
      cluster.machine(down).host.powerOn();
      return start;
    });
  },
};

export const rollback: ClusterStep = {
  name: 'rollback',
  shows: 'a node that boots back into its old version is restored immediately, the others continue, and it gets the release later',
  needs: 'cluster',
  run: async (context) => {
    const { cluster, fleet, releases, signal, report } = context;
    await settle(context);
    const before = boots(context);
    const version = releases.publish();
    const down = await draining(context);
    cluster.machine(down).host.faults.bootFails(1);
    await eventually(() => fleet.node(down)?.crashCount === 1 && isInService(fleet.node(down)), {
      for: `${down} to be back in service on its old version, with one crash counted`,
      limitMs: 300_000,
      signal,
      instead: () => fleet.describe(),
    });
    report(`${down} fell back`);
    await updated(context, version, ROLLOUT_MS);
    const after = boots(context);
    notDeepEqual(after, before);
    equal(after[down], (before[down] ?? 0) + 2, `${down} boots twice: back, and into the release`);
  },
};
