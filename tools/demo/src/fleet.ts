import { get } from 'node:http';
import { shadowName } from '@brupop/crd-models';
import type { BottlerocketShadow } from '@brupop/crd-models';
import type { Simulation } from '@brupop/simulator';
import type { NodeFacts } from './fleet-view.ts';
import type { PlanHold } from './outcome.ts';

const PLAN_DEADLINE_MS = 1000;

/** The entries of the controller's `/plan` for nodes that wait; undefined while it cannot be reached. */
export function fetchHolds(simulation: Simulation): Promise<readonly PlanHold[] | undefined> {
  const endpoint = simulation.controllerEndpoint();
  if (endpoint === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const request = get({ ...endpoint, path: '/plan', timeout: PLAN_DEADLINE_MS, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', () => {
        resolve(undefined);
      });
      response.on('end', () => {
        resolve(
          response.statusCode === 200 ? (JSON.parse(text) as { nodes: PlanHold[] }).nodes.filter(({ next }) => next === 'wait') : undefined,
        );
      });
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });
}

/** What the simulated cluster knows of each node, sorted by name. */
export function observeFleet({ cluster, api, namespace }: Simulation, holds: readonly PlanHold[] | undefined): NodeFacts[] {
  const messages = new Map(holds?.map(({ node, message }) => [node, message]));
  const shadows = new Map(
    api.store
      .list({ group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows' }, { namespace })
      .map((shadow) => [shadow.metadata.name, shadow as unknown as BottlerocketShadow]),
  );
  return cluster.nodes
    .map(({ metadata: { name }, status, spec }) => ({
      name,
      ready: status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True',
      cordoned: spec?.unschedulable === true,
      shadow: shadows.get(shadowName(name)),
      hold: holds === undefined ? 'Waiting for the controller' : messages.get(name),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
