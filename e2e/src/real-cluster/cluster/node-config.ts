import { run } from './run.ts';

/** The name of the image of pod sandboxes. */
export const SANDBOX_IMAGE = 'localhost/testpod:1';

/** containerd's configuration on the node that lives in `directory`. */
export function containerdConfig(directory: string): string {
  return `version = 2
root = "${directory}/state/containerd"
state = "/run/containerd"
[grpc]
  address = "/run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${SANDBOX_IMAGE}"
  # Without CAP_SYS_RESOURCE no score can be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    base_runtime_spec = "${directory}/base-spec.json"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${directory}/cni"
`;
}

/**
 * What each container's runtime configuration starts from: containerd's own, and a hook that shows the container the node's boot id.
 * A container mounts a /proc of its own, in which it would see the machine's, which no reboot of a node changes.
 */
export async function baseSpec(directory: string): Promise<string> {
  const spec = JSON.parse(await run('ctr', ['oci', 'spec'])) as object;
  return JSON.stringify({ ...spec, hooks: { createContainer: [{ path: `${directory}/container-boot-id.sh` }] } });
}

/** The pod network of a node: a bridge of its own. */
export function networkConfig(podCidr: string): string {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    ipMasq: false,
    hairpinMode: true,
    ipam: { type: 'host-local', dataDir: '/run/cni-ipam', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
  };
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
  });
}

/** What a kubelet's configuration depends on. */
export interface KubeletOptions {
  readonly directory: string;
  readonly cgroup: string;
  readonly dns: string;
  readonly clientCa: string;
}

export function kubeletConfig({ directory, cgroup, dns, clientCa }: KubeletOptions): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: clientCa } },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: 'unix:///run/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    podLogsDir: `${directory}/logs/pods`,
    clusterDNS: [dns],
    clusterDomain: 'cluster.local',
    // A dead node is noticed within seconds.
    nodeStatusUpdateFrequency: '3s',
    nodeLeaseDurationSeconds: 8,
  });
}
