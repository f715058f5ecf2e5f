import { UPDATER_INTERFACE_LABEL } from '@brupop/crd-models';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import type { SimulatedHost } from '../host/simulated-host.ts';
import { applied, DEFAULT_FAULT_MS, fault, pick } from './fault.ts';
import type { Fault, FaultMoment, FaultOptions } from './fault.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

function pickNode(cluster: SimulatedCluster, { node, random }: FaultOptions): string | undefined {
  if (node !== undefined) return node;
  const managed = cluster.nodes.filter(({ metadata }) => metadata.labels?.[UPDATER_INTERFACE_LABEL] !== undefined);
  return pick(managed.map(({ metadata }) => metadata.name).sort(), random);
}

/** A fault of one host; it can be lifted until it occurs. */
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
  hostFault('download-fails', 'The next download on one host fails. It is retried after a backoff, and succeeds.', (host) => {
    host.faults.downloadFails(1);
  }),
  hostFault(
    'rollback',
    'The next boot into a new version fails once: the host returns in the old version. It is restored, and updated after a backoff.',
    (host) => {
      host.faults.bootFails(1);
    },
  ),
  hostFault(
    'rollback-always',
    'No boot into a new version succeeds on one host. It stays in service with the old version; the failures are counted.',
    (host) => {
      host.faults.bootFails('always');
    },
    { lasting: true },
  ),
  hostFault(
    'host-busy',
    'Another process holds the update lock of one host for a while: status and actions answer 423. The update resumes afterwards.',
    (host, { durationMs = DEFAULT_FAULT_MS }) => {
      host.faults.busy(durationMs);
    },
    { moment: 'on-updated-node' },
  ),
  hostFault(
    'reboot-refused',
    'One host refuses its next reboot (an inhibitor). The reboot is retried soon, without another drain.',
    (host) => {
      host.faults.rebootRefused(1);
    },
  ),
  hostFault('refresh-fails', 'The next refresh on one host fails. The one after it succeeds.', (host) => {
    host.faults.refreshFails(1);
  }),
  hostFault('child-dies', 'The next update action on one host dies silently: 204, then nothing changes. It has to be repeated.', (host) => {
    host.faults.childDies(1);
  }),
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
    'One host does not come back from its next reboot. Its node stays cordoned and keeps its slot; the others continue within the limit.',
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
    'One node loses power and stays NotReady. It is not eligible; an update in progress is stuck. Its pods, perhaps the controller, move to other nodes.',
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
  nodeChange('cordoned', 'An administrator cordons one node. Whatever the result of its update, it stays cordoned.', {
    change: { spec: { unschedulable: true } },
    undo: { spec: { unschedulable: null } },
    lasting: true,
  }),
  nodeChange(
    'lb-excluded',
    'An administrator excludes one node from load balancers. Whatever the result of its update, it stays excluded.',
    {
      change: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'administrator' } } },
      undo: { metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: null } } },
    },
  ),
];
