import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { APISERVER_COMPONENT, DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { eventually } from '../eventually.ts';
import { isInService, updated } from '../fleet.ts';
import { configure, install, podsOf } from '../operator.ts';
import { requestsOf, requestTable } from '../requests.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';
import { allAnswered, callsOf, clientObject, WEB, webObjects, WORKLOAD_NAMESPACE } from '../workload.ts';

const ROLLOUT_MS = 900_000;

export const rollout: ClusterStep = {
  name: 'rollout',
  shows: 'three nodes are updated, one at a time, and a workload with a budget answers every request meanwhile',
  needs: 'cluster',
  operator: 'installs',
  run: async (context) => {
    const { kubectl, cluster, fleet, releases, report } = context;
    await startWorkload(context);
    await install(kubectl);
    const pods = await podUids(context);
    const bootIds = new Map(fleet.nodes.map(({ name, bootId }) => [name, bootId]));
    const from = fleet.history.length;
    const calls = await callsOf(kubectl);

    const startedMs = Date.now();
    await updated(context, releases.publish(), ROLLOUT_MS);
    const requests = await requestsOf(cluster.plane.auditLog, DEFAULT_NAMESPACE, startedMs);

    const looks = fleet.history.slice(from);
    for (const { nodes } of looks) {
      const away = nodes.filter((node) => !isInService(node)).map(({ name }) => name);
      ok(away.length <= 1, `one node at a time, but ${away.join(' and ')} were out of service together`);
    }
    const boots = cluster.managed.flatMap((machine) => machine.boots).sort((a, b) => a.downMs - b.downMs);
    equal(boots.length, cluster.managed.length, 'each node reboots once');
    for (const [at, boot] of boots.entries()) {
      equal(fleet.node(boot.node)?.bootId, boot.bootId, `Kubernetes knows the boot of ${boot.node}`);
      notEqual(boot.bootId, bootIds.get(boot.node), `${boot.node} has another boot id`);
      const next = boots[at + 1];
      const back = looks.some(
        ({ atMs, nodes }) =>
          atMs > boot.upMs && atMs < (next?.downMs ?? Infinity) && isInService(nodes.find(({ name }) => name === boot.node)),
      );
      ok(back, `${boot.node} is back in service before ${next?.node ?? 'the end'}`);
    }
    const left = (await podUids(context)).filter((uid) => pods.includes(uid));
    deepEqual(left, [], "every pod of the operator's apiserver has moved");
    const answered = await allAnswered(kubectl, calls);
    const times = boots.map(({ node, downMs, upMs }) => `${node} was down ${((upMs - downMs) / 1000).toFixed(1)} s`);
    report(`${times.join(', ')}; ${answered} requests answered, none failed`);
    report(`requests to the Kubernetes API for each update of a node:\n${requestTable(requests, boots.length)}`);
    // The following steps need not wait until the nodes notice their releases.
    await configure(kubectl, 'agent', { UPDATE_CHECK_INTERVAL_IN_SEC: '10' });
  },
};

async function startWorkload({ kubectl, signal }: ClusterContext): Promise<void> {
  await kubectl.apply([...webObjects(), clientObject()]);
  await kubectl.run(['rollout', 'status', '--namespace', WORKLOAD_NAMESPACE, '--timeout=240s', `deployment/${WEB}`], undefined, 250_000);
  // A Service refuses connections until its endpoints are known everywhere.
  await eventually(async () => (await callsOf(kubectl)).answered > 0, {
    for: 'the first answer of the workload',
    limitMs: 240_000,
    signal,
  });
}

async function podUids({ kubectl }: ClusterContext): Promise<string[]> {
  return (await podsOf(kubectl, APISERVER_COMPONENT)).map(({ metadata }) => metadata.uid);
}
