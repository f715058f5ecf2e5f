import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries.ts';
import { makeCgroup, processesOf } from './cgroups.ts';
import type { Credentials } from './credentials.ts';
import { Daemon } from './daemon.ts';
import { makeNodeNetwork } from './network.ts';
import type { NodeNetwork } from './network.ts';
import { baseSpec, containerdConfig, networkConfig, kubeletConfig } from './node-config.ts';
import { run } from './run.ts';
import type { Slot } from './slot.ts';

const IMPORT_MS = 180_000;

/** Options of a node. */
export interface NodeOptions {
  readonly slot: Slot;
  readonly binaries: Binaries;
  readonly credentials: Credentials;
  /** From 1. */
  readonly index: number;
  /** Nodes of the cluster. */
  readonly of: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In the kubelet's format. */
  readonly taints: string;
  /** Archives of the images that its runtime has. */
  readonly images: readonly string[];
}

/** A node with its own network, mounts and processes: containerd, kubelet and kube-proxy. */
export class RealNode {
  readonly name: string;
  readonly ip: string;
  readonly #options: NodeOptions;
  readonly #directory: string;
  #daemon: Daemon | undefined;

  private constructor(options: NodeOptions, network: NodeNetwork) {
    this.name = options.name;
    this.ip = network.ip;
    this.#options = options;
    this.#directory = join(options.slot.directory, options.name);
  }

  /** Makes its network and its configuration; nothing runs yet. */
  static async create(options: NodeOptions): Promise<RealNode> {
    const { slot, index, of, credentials, name } = options;
    const network = await makeNodeNetwork(slot, index, of);
    const node = new RealNode(options, network);
    const directory = node.#directory;
    await makeCgroup(node.#podCgroup);
    await Promise.all(['host-run', 'logs', 'cni', 'state'].map((folder) => mkdir(join(directory, folder), { recursive: true })));
    await Promise.all([
      copyFile(join(import.meta.dirname, 'container-boot-id.sh'), join(directory, 'container-boot-id.sh')),
      writeFile(join(directory, 'base-spec.json'), await baseSpec(directory)),
      writeFile(join(directory, 'containerd.toml'), containerdConfig(directory)),
      writeFile(join(directory, 'cni', '10-pods.conflist'), networkConfig(network.podCidr)),
      writeFile(
        join(directory, 'kubelet.yaml'),
        kubeletConfig({ directory, cgroup: node.#podCgroup, dns: slot.hostIp, clientCa: `${credentials.directory}/ca.crt` }),
      ),
      writeFile(join(directory, 'images'), options.images.map((image) => `${image}\n`).join('')),
    ]);
    await node.#writeEnvironment(name, network, credentials);
    return node;
  }

  /** Path at which the host's API is served: `/run/api.sock` on the node. */
  get hostSocket(): string {
    return join(this.#directory, 'host-run', 'api.sock');
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#options.labels;
  }

  get isUp(): boolean {
    return this.#daemon?.isRunning === true;
  }

  get #podCgroup(): string {
    return `${this.#options.slot.name}/${this.name}`;
  }

  /** Boots. @param bootId what `/proc/sys/kernel/random/boot_id` says until the node goes down */
  async boot(bootId: string): Promise<void> {
    await writeFile(join(this.#directory, 'host-run', 'boot_id'), `${bootId}\n`);
    const name = `${this.#options.slot.name}-${this.#options.index}`;
    // Not "ip netns exec": it mounts a new /sys, without the cgroups.
    this.#daemon = new Daemon({
      command: 'nsenter',
      args: [
        `--net=/run/netns/${name}`,
        ...['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--propagation', 'private'],
        ...['sh', join(import.meta.dirname, 'node-boot.sh'), join(this.#directory, 'environment')],
      ],
      logPath: join(this.#directory, 'logs', 'boot.log'),
      cgroup: `${this.#options.slot.name}/system`,
    });
  }

  /** Cuts the power: every process of the node is killed. */
  async powerOff(): Promise<void> {
    await this.#daemon?.killNamespace();
    this.#daemon = undefined;
  }

  /** Kills the processes of a pod's containers, but not of its sandbox, like a crash. @returns how many */
  async killPod(uid: string): Promise<number> {
    let killed = 0;
    for (const pid of await processesOf(this.#podCgroup, `pod${uid}`)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command === '' || command.startsWith('/testpod')) continue;
      process.kill(pid, 'SIGKILL');
      killed++;
    }
    return killed;
  }

  /** Gives its runtime one more image. */
  async importImage(archive: string): Promise<void> {
    const [first] = (await this.#daemon?.firstProcesses()) ?? [];
    if (first === undefined) throw new Error(`${this.name} is down`);
    const ctr = ['ctr', '--address', '/run/containerd.sock', '--namespace', 'k8s.io'];
    await run('nsenter', [`--target=${first}`, '--mount', ...ctr, 'images', 'import', archive], { timeoutMs: IMPORT_MS });
  }

  /** The end of a log of the node, for reports. */
  async logTail(name: 'boot' | 'containerd' | 'kubelet' | 'kube-proxy', lines: number): Promise<string> {
    const text = await readFile(join(this.#directory, 'logs', `${name}.log`), 'utf8').catch(() => '');
    return text.split('\n').slice(-lines).join('\n');
  }

  /** Read by node-boot.sh. */
  #writeEnvironment(name: string, network: NodeNetwork, credentials: Credentials): Promise<void> {
    const { binaries, labels, taints } = this.#options;
    const values = {
      NODE: name,
      NODE_IP: network.ip,
      NODE_LABELS: Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
      NODE_TAINTS: taints,
      DIRECTORY: this.#directory,
      KUBELET: binaries.kubelet,
      KUBELET_KUBECONFIG: credentials.kubeconfig(`kubelet-${name}`),
      KUBE_PROXY: binaries['kube-proxy'],
      KUBE_PROXY_KUBECONFIG: credentials.kubeconfig('kube-proxy'),
    };
    const text = Object.entries(values).map(([key, value]) => `${key}='${value}'\n`);
    return writeFile(join(this.#directory, 'environment'), text.join(''));
  }
}
