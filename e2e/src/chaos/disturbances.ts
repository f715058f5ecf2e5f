import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  APISERVER_DEPLOYMENT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  DEFAULT_NAMESPACE,
  shadowName,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import type { Random } from '@brupop/ports';
import { connectionReset, faultNamed } from '@brupop/simulator';
import { NEW, OLD } from '../fleet/versions.ts';
import type { Fleet } from '../in-process/fleet.ts';
import { API_DISTURBANCES } from './api-disturbances.ts';
import { between, busyNodeOf, HOUR, MINUTE, nodeOf, oneOf } from './context.ts';
import type { ChaosContext, Disturbance } from './context.ts';
import { OFFER_DISTURBANCES } from './offer-disturbances.ts';
import { WORKLOAD_DISTURBANCES } from './workload-disturbances.ts';

function kill({ fleet, random }: ChaosContext, component: string): string {
  const pods = fleet.cluster.pods(DEFAULT_NAMESPACE, { [COMPONENT_LABEL]: component });
  const all = random() < 0.3;
  const victims = all ? pods : [oneOf(random, pods)].filter((pod) => pod !== undefined);
  for (const { metadata } of victims) fleet.cluster.killPod({ namespace: DEFAULT_NAMESPACE, name: metadata.name });
  return `kills ${victims.map(({ metadata }) => metadata.name).join(', ')}`;
}

function deletePods({ fleet }: ChaosContext, component: string): string {
  for (const { metadata } of fleet.podsOf(component))
    fleet.cluster.store.delete('Pod', { namespace: DEFAULT_NAMESPACE, name: metadata.name });
  return `deletes every pod of ${component}`;
}

/** Cuts the power of nodes, and restores it after up to `most` minutes. */
function cutPower({ fleet, random, undo }: ChaosContext, nodes: readonly string[], most: number): string {
  for (const node of nodes) fleet.cluster.powerOff(node);
  const on = (): void => {
    for (const node of nodes) if (fleet.names.includes(node)) fleet.cluster.powerOn(node);
  };
  fleet.clock.setTimer(between(random, 1, most) * MINUTE, on);
  undo.push(on);
  return `cuts the power of ${nodes.join(', ')}`;
}

function hostFault(set: (faults: ReturnType<Fleet['cluster']['host']>['faults'], random: Random) => void, name: string): Disturbance {
  return (context) => {
    const node = busyNodeOf(context);
    set(context.fleet.cluster.host(node).faults, context.random);
    return `${name} on ${node}`;
  };
}

function clusterFault(name: string): Disturbance {
  return ({ fleet, random, undo }) => {
    const applied = faultNamed(name).apply(fleet.cluster, { random, durationMs: between(random, 1, 20) * MINUTE });
    undo.push(() => {
      applied.lift();
    });
    return `${name} on ${applied.target ?? 'nothing'}`;
  };
}

function patchShadow(context: ChaosContext, patch: object, what: string): string {
  const { fleet, invariants } = context;
  const node = busyNodeOf(context);
  if (fleet.shadow(node)?.status === undefined) return `finds no status of ${node}`;
  invariants.byHand(node, 'other');
  fleet.api.store.patch(
    { group: 'brupop.bottlerocket.aws', resource: 'bottlerocketshadows', namespace: DEFAULT_NAMESPACE, name: shadowName(node) },
    patch,
  );
  return `${what} of the shadow of ${node}`;
}

/** All disturbances of a cluster during updates. Each returns a description. */
export const DISTURBANCES: readonly Disturbance[] = [
  (context) => kill(context, AGENT_COMPONENT),
  (context) => kill(context, AGENT_COMPONENT),
  (context) => kill(context, APISERVER_COMPONENT),
  (context) => kill(context, CONTROLLER_COMPONENT),
  (context) => deletePods(context, AGENT_COMPONENT),
  (context) => deletePods(context, APISERVER_COMPONENT),
  (context) => deletePods(context, CONTROLLER_COMPONENT),
  // No apiserver at all, for a while.
  ({ fleet, random, undo }) => {
    const scale = (replicas: number) => (): void => {
      fleet.cluster.store.patch('Deployment', { namespace: DEFAULT_NAMESPACE, name: APISERVER_DEPLOYMENT }, { spec: { replicas } });
    };
    scale(0)();
    fleet.clock.setTimer(between(random, 1, 30) * MINUTE, scale(3));
    undo.push(scale(3));
    return 'scales the apiserver to 0';
  },
  clusterFault('pdb-blocks'),
  clusterFault('pdb-blocks'),
  clusterFault('leadership-lost'),
  clusterFault('watch-dropped'),
  clusterFault('watch-expired'),
  clusterFault('api-errors'),
  hostFault((faults, random) => {
    faults.downloadFails(between(random, 1, 3));
  }, 'failing downloads'),
  hostFault((faults) => {
    faults.bootFails(1);
  }, 'a rollback'),
  hostFault((faults) => {
    faults.rebootRefused(1);
  }, 'a refused reboot'),
  hostFault((faults, random) => {
    faults.childDies(between(random, 1, 2));
  }, 'dying updaters'),
  hostFault((faults) => {
    faults.refreshFails(2);
  }, 'failing refreshes'),
  hostFault((faults) => {
    faults.unparsableOutput(1);
  }, 'unreadable output'),
  hostFault((faults) => {
    faults.socketDead();
  }, 'a dead socket'),
  hostFault((faults, random) => {
    faults.busy(between(random, 1, 40) * MINUTE);
  }, 'a held lock'),
  hostFault((faults, random) => {
    faults.stall(between(random, 1, 90) * 1000);
  }, 'a stalled API'),
  // Answers that get lost after the request took effect.
  ({ fleet, random, undo }) => {
    const restore = (): void => {
      fleet.api.faults.afterRequest = undefined;
    };
    fleet.api.faults.afterRequest = (_request, { username }, _info, response) => {
      if (username.startsWith('system:serviceaccount:') && random() < 0.15) throw connectionReset();
      return response;
    };
    fleet.clock.setTimer(between(random, 1, 10) * MINUTE, restore);
    undo.push(restore);
    return 'loses answers of the Kubernetes API';
  },
  // A clock that jumps, for one node and everything on it.
  (context) => {
    const { fleet, random } = context;
    const node = nodeOf(context);
    const byMs = oneOf(random, [-1, 1]) === 1 ? between(random, 1, 3 * 60) * MINUTE : -between(random, 1, 3 * 60) * MINUTE;
    fleet.skewMs.set(node, (fleet.skewMs.get(node) ?? 0) + byMs);
    return `shifts the clock of ${node} by ${String(byMs / MINUTE)} minutes`;
  },
  ({ fleet, random }) => {
    const byMs = between(random, -26 * 60, 26 * 60) * MINUTE;
    fleet.clock.jump(byMs);
    return `shifts every clock by ${String(byMs / HOUR)} hours`;
  },
  (context) => cutPower(context, [busyNodeOf(context)], 60),
  (context) => cutPower(context, context.fleet.names, 30),
  // A release that is withdrawn, and published again.
  ({ fleet, random, undo }) => {
    const { repository } = fleet.cluster;
    const restore = (): void => {
      if (!repository.available.includes(NEW)) repository.available.push(NEW);
    };
    repository.available = repository.available.filter((version) => version !== NEW);
    fleet.clock.setTimer(between(random, 1, 60) * MINUTE, restore);
    undo.push(restore);
    return `withdraws ${NEW}`;
  },
  ({ fleet }) => {
    const nodes = fleet.names.filter((name) => (fleet.nodeObject(name)?.spec?.taints ?? []).length > 0);
    for (const name of nodes) fleet.cluster.store.patch('Node', { name }, { spec: { taints: null } });
    return `takes every taint of ${nodes.join(', ')} away`;
  },
  (context) => {
    const { fleet, random } = context;
    const node = busyNodeOf(context);
    const { admin } = fleet.cluster.host(node);
    context.invariants.byHand(node, 'other');
    const commands: Readonly<Record<string, () => Promise<unknown>>> = {
      check: () => admin.check(),
      apply: () => admin.apply(),
      'apply --reboot': () => admin.apply({ reboot: true }),
      cancel: () => admin.cancel(),
      reboot: () => admin.reboot(),
    };
    const name = oneOf(random, Object.keys(commands)) ?? '';
    void commands[name]?.();
    return `runs apiclient ${name} on ${node}`;
  },
  (context) => {
    const { fleet, cordonedByHand } = context;
    const node = nodeOf(context);
    if (fleet.node(node).cordoned) return `leaves ${node} as it is`;
    cordonedByHand.add(node);
    fleet.cluster.store.patch('Node', { name: node }, { spec: { unschedulable: true } });
    return `cordons ${node}`;
  },
  (context) => {
    const { fleet, invariants, cordonedByHand } = context;
    const node = busyNodeOf(context);
    cordonedByHand.delete(node);
    invariants.byHand(node, 'uncordoned');
    fleet.cluster.store.patch('Node', { name: node }, { spec: { unschedulable: null } });
    return `uncordons ${node}`;
  },
  (context) => {
    const { fleet, invariants, random, undo } = context;
    const node = busyNodeOf(context);
    const label = (value: string | null) => (): void => {
      invariants.byHand(node, 'other');
      fleet.cluster.store.patch('Node', { name: node }, { metadata: { labels: { [UPDATER_INTERFACE_LABEL]: value } } });
    };
    label(null)();
    if (random() < 0.7) fleet.clock.setTimer(between(random, 1, 90 * 60) * 1000, label(UPDATER_INTERFACE_VERSION));
    undo.push(label(UPDATER_INTERFACE_VERSION));
    return `takes the label of ${node} away`;
  },
  (context) => {
    const { fleet, invariants } = context;
    const node = busyNodeOf(context);
    if (fleet.shadow(node) === undefined) return `finds no shadow of ${node}`;
    invariants.byHand(node, 'other');
    fleet.api.store.delete({
      group: 'brupop.bottlerocket.aws',
      resource: 'bottlerocketshadows',
      namespace: DEFAULT_NAMESPACE,
      name: shadowName(node),
    });
    return `deletes the shadow of ${node}`;
  },
  (context) => patchShadow(context, { spec: { state: 'Idle', version: null } }, 'resets the spec'),
  (context) => patchShadow(context, { spec: { state: 'ErrorReset' } }, 'writes ErrorReset to the spec'),
  (context) => patchShadow(context, { status: null }, 'wipes the status'),
  (context) => patchShadow(context, { status: { progress: null } }, 'wipes the progress'),
  (context) => patchShadow(context, { spec: { state_transition_timestamp: 'yesterday' } }, 'garbles the time'),
  (context) => patchShadow(context, { status: { state_transition_failure_timestamp: 'never' } }, 'garbles the failure time'),
  (context) => {
    const { fleet, cordonedByHand } = context;
    const node = busyNodeOf(context);
    fleet.cluster.removeNode(node);
    fleet.clock.setTimer(between(context.random, 1, 600) * 1000, () => {
      fleet.cluster.addNode({ name: node, version: OLD });
    });
    cordonedByHand.delete(node);
    return `replaces ${node}`;
  },
  ...API_DISTURBANCES,
  ...OFFER_DISTURBANCES,
  ...WORKLOAD_DISTURBANCES,
];

/** Causes one disturbance. @returns a description */
export function disturb(context: ChaosContext): string {
  if (context.fleet.names.length === 0) return 'finds no nodes';
  return (oneOf(context.random, DISTURBANCES) ?? (() => ''))(context);
}
