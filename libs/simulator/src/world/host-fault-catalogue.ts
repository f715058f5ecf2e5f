import { EXCLUDE_FROM_LB_LABEL, UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import type { SimulatedHost } from '../host/simulated-host.ts';
import { applied, DEFAULT_FAULT_MS, fault, pick } from './fault.ts';
import type { Fault, FaultMoment, FaultOptions } from './fault.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

function pickNode(cluster: SimulatedCluster, { node, random }: FaultOptions): string | undefined {
  if (node !== undefined) return node;
  const managed = cluster.nodes.filter(({ metadata }) => metadata.labels?.[UPDATER_INTERFACE_LABEL] !== undefined);
  return pick(managed.map(({ metadata }) => metadata.name).sort(), random);
}

/** A fault of one host; it can be lifted as long as it has not happened. */
function hostFault(
  name: string,
  help: string,
  apply: (host: SimulatedHost, options: FaultOptions) => void,
  { lift, ...traits }: { readonly lift?: (host: SimulatedHost) => void; readonly moment?: FaultMoment; readonly lasting?: boolean } = {},
): Fault {
  const strike: Fault['apply'] = (cluster, options) => {
    const node = pickNode(cluster, options);
    const host = node === undefined ? undefined : cluster.host(node);
    if (host === undefined) return applied(cluster, undefined);
    apply(host, options);
    return applied(cluster, node, () => {
      (lift ?? clearFaults)(host);
    });
  };
  return fault(name, help, strike, traits);
}

function clearFaults(host: SimulatedHost): void {
  host.faults.clear();
}

interface NodeChange {
  /** Merge patches. */
  readonly change: object;
  readonly undo: object;
  readonly lasting?: boolean;
}

/** An administrator's own change to a Node. */
function nodeChange(name: string, help: string, { change, undo, lasting = false }: NodeChange): Fault {
  return fault(
    name,
    help,
    (cluster, options) => {
      const node = pickNode(cluster, options);
      if (node === undefined) return applied(cluster, undefined);
      cluster.store.patch('Node', { name: node }, change);
      return applied(cluster, node, () => {
        cluster.store.patch('Node', { name: node }, undo);
      });
    },
    { moment: 'registered', lasting },
  );
}

/** Faults of one host or node. */
export const HOST_FAULTS: readonly Fault[] = [
  hostFault('download-fails', 'The next download on one host fails. It is tried again after a pause, and succeeds.', (host) => {
    host.faults.downloadFails(1);
  }),
  hostFault(
    'rollback',
    'The next boot into a new version fails once: the host comes back in the old one. It is uncordoned, and updated after a backoff.',
    (host) => {
      host.faults.bootFails(1);
    },
  ),
  hostFault(
    'rollback-always',
    'No boot into a new version succeeds on one host. It stays in service in the old version; the failures are counted.',
    (host) => {
      host.faults.bootFails('always');
    },
    { lasting: true },
  ),
  hostFault(
    'host-busy',
    'Someone holds the update lock of one host for a while: status and actions answer 423. The update goes on afterwards.',
    (host, { durationMs = DEFAULT_FAULT_MS }) => {
      host.faults.busy(durationMs);
    },
    { moment: 'on-updated-node' },
  ),
  hostFault('reboot-refused', 'One host refuses its next reboot (an inhibitor). It is asked again soon, without another drain.', (host) => {
    host.faults.rebootRefused(1);
  }),
  hostFault('refresh-fails', 'The next refresh on one host fails. The next one succeeds.', (host) => {
    host.faults.refreshFails(1);
  }),
  hostFault(
    'child-dies',
    'The next update action on one host dies without a trace: 204, then nothing changes. It has to be asked for again.',
    (host) => {
      host.faults.childDies(1);
    },
  ),
  hostFault(
    'socket-dead',
    'The API server of one host restarts: the socket mounted in the agent stays dead until its container restarts.',
    (host) => {
      host.faults.socketDead();
    },
    { moment: 'on-updated-node' },
  ),
  hostFault(
    'never-comes-back',
    'One host goes down at its next reboot and stays down. Its node stays cordoned and keeps its slot; the others go on as far as the limit allows.',
    (host) => {
      host.faults.neverComesBack();
    },
    {
      lift: (host) => {
        host.faults.clear();
        host.powerOn();
      },
      lasting: true,
    },
  ),
  hostFault(
    'node-dead',
    'One node loses power and stays off: NotReady. It is no candidate; an update that it was in the middle of is stuck. Its pods move to other nodes after a while, the controller too.',
    (host) => {
      host.powerOff();
    },
    {
      lift: (host) => {
        host.powerOn();
      },
      moment: 'registered',
      lasting: true,
    },
  ),
  nodeChange('cordoned', 'An administrator cordons one node. Whatever becomes of its update, it is still cordoned in the end.', {
    change: { spec: { unschedulable: true } },
    undo: { spec: { unschedulable: null } },
    lasting: true,
  }),
  nodeChange(
    'lb-excluded',
    'An administrator excludes one node from load balancers. Whatever becomes of its update, it is still excluded in the end.',
    {
      change: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'administrator' } } },
      undo: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null } } },
    },
  ),
];
