import { UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import type { SimulatedHost } from '../host/simulated-host.ts';
import type { StatusCondition } from './objects.ts';

/** A node as a test requests it. */
export interface NodeOptions {
  readonly name: string;
  /** Version of Bottlerocket at the start. */
  readonly version: string;
  readonly zone?: string;
  readonly variant?: string;
  /** Merged over the labels that every node has. */
  readonly labels?: Readonly<Record<string, string>>;
  /** False leaves out the label that opts the node in to updates. */
  readonly managed?: boolean;
  /** How much later than the first wave its host is offered an update, in milliseconds. */
  readonly waveOffsetMs?: number;
  /** How many container images its status lists; real nodes list up to 50, which makes the object large. */
  readonly images?: number;
}

/** The Node that a kubelet registers. */
export function nodeObject(options: NodeOptions, host: SimulatedHost, address: string, now: string): object {
  const zone = options.zone ?? 'us-west-2a';
  const arch = kubernetesArch(host.arch);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: options.name,
      labels: {
        // A label value is shorter than a Node name may be; where the two differ, the host has its own name.
        'kubernetes.io/hostname': options.name.slice(0, 63).replace(/[^a-z0-9]+$/, ''),
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': arch,
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': arch,
        'node.kubernetes.io/instance-type': 'm6i.large',
        'topology.kubernetes.io/region': zone.slice(0, -1),
        'topology.kubernetes.io/zone': zone,
        ...(options.managed === false ? {} : { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION }),
        ...options.labels,
      },
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { providerID: `aws:///${zone}/i-${options.name}` },
    status: {
      ...nodeStatus(host, address),
      conditions: nodeConditions('True', 'KubeletReady', now, []),
      images: Array.from({ length: options.images ?? 0 }, (_, at) => ({
        names: [
          `registry.example.com/team-${String(at)}/service@sha256:${String(at).padStart(64, '0')}`,
          `registry.example.com/team-${String(at)}/service:v1.${String(at)}.0`,
        ],
        sizeBytes: 50_000_000 + at * 1_000_000,
      })),
    },
  };
}

/** The part of a Node's status that a boot changes. */
export function nodeStatus(host: SimulatedHost, address: string): object {
  const resources = { cpu: '2', memory: '7935368Ki', pods: '110', 'ephemeral-storage': '20624592Ki' };
  return {
    capacity: resources,
    allocatable: { ...resources, cpu: '1930m', memory: '7244168Ki' },
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: host.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      machineID: host.name,
      systemUUID: host.name,
      bootID: host.bootId,
      kernelVersion: '6.1.112',
      osImage: host.osImage,
      containerRuntimeVersion: 'containerd://1.7.22+bottlerocket',
      kubeletVersion: 'v1.30.4-eks-16b398d',
      kubeProxyVersion: 'v1.30.4-eks-16b398d',
      operatingSystem: 'linux',
      architecture: kubernetesArch(host.arch),
    },
  };
}

/** A node's conditions with `ready` as its Ready condition; an unchanged status keeps its transition time. */
export function nodeConditions(
  ready: 'True' | 'False' | 'Unknown',
  reason: string,
  now: string,
  before: readonly StatusCondition[],
): StatusCondition[] {
  const condition = (type: string, status: string, why: string, message: string): StatusCondition => {
    const known = before.find((one) => one.type === type);
    return {
      type,
      status,
      reason: why,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: known?.status === status ? (known.lastTransitionTime ?? now) : now,
    };
  };
  const unknown = ready === 'Unknown';
  const pressure = (type: string): StatusCondition =>
    condition(type, unknown ? 'Unknown' : 'False', unknown ? reason : `KubeletHasSufficient${type.replace('Pressure', '')}`, '');
  const message = {
    True: 'kubelet is posting ready status',
    False: 'container runtime network not ready',
    Unknown: 'Kubelet stopped posting node status.',
  };
  return [pressure('MemoryPressure'), pressure('DiskPressure'), pressure('PIDPressure'), condition('Ready', ready, reason, message[ready])];
}

function kubernetesArch(arch: string): string {
  return arch === 'aarch64' ? 'arm64' : 'amd64';
}
