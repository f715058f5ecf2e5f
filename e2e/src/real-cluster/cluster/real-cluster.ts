import { sleep, systemClock } from '@brupop/ports';
import { UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import type { Binaries } from './binaries.ts';
import { ControlPlane } from './control-plane.ts';
import { MOST_NODES, nodeName } from './credentials.ts';
import { buildTestImage } from './images.ts';
import { Kubectl } from './kubectl.ts';
import type { KubeJson } from './kubectl.ts';
import { Machine } from './machine.ts';
import type { MachineOptions } from './machine.ts';
import { makeBridge } from './network.ts';
import { RealNode } from './node.ts';
import { claimSlot } from './slot.ts';
import type { Slot } from './slot.ts';

/** What a node registers itself with. */
export interface NodeKind {
  readonly labels: Readonly<Record<string, string>>;
  /** Taints, as the kubelet takes them. */
  readonly taints?: string;
}

/** What a cluster is made from. */
export interface RealClusterOptions {
  readonly binaries: Binaries;
  readonly nodes: readonly NodeKind[];
  /** Archives of the images that each node has. */
  readonly images: readonly string[];
  readonly machine: MachineOptions;
  readonly signal: AbortSignal;
}

interface NodeJson extends KubeJson {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const NODES_READY_MS = 240_000;
const LOOK_MS = 500;

/** A real Kubernetes on this machine, whose nodes are simulated Bottlerocket hosts that really reboot. */
export class RealCluster {
  readonly kubectl: Kubectl;
  readonly plane: ControlPlane;
  readonly machines: readonly Machine[];
  /** What it is made of, and what tests of it use. */
  readonly binaries: Binaries;
  /** Where its logs are, until it stops. */
  readonly directory: string;
  /** What went wrong when a node was switched. */
  readonly failures: readonly unknown[];
  readonly #slot: Slot;

  private constructor({ slot, ...parts }: Pick<RealCluster, 'binaries' | 'plane' | 'kubectl' | 'machines' | 'failures'> & { slot: Slot }) {
    this.#slot = slot;
    this.directory = slot.directory;
    this.binaries = parts.binaries;
    this.plane = parts.plane;
    this.kubectl = parts.kubectl;
    this.machines = parts.machines;
    this.failures = parts.failures;
  }

  /** Starts the control plane and all nodes; resolves when the nodes are Ready. Leaves nothing behind if it cannot. */
  static async start({ binaries, nodes, images, machine, signal }: RealClusterOptions): Promise<RealCluster> {
    if (nodes.length > MOST_NODES) throw new RangeError(`at most ${MOST_NODES} nodes, not ${nodes.length}`);
    const slot = await claimSlot();
    const undo: (() => Promise<void>)[] = [() => slot.release()];
    try {
      await makeBridge(slot);
      const plane = await ControlPlane.start(slot, binaries, signal);
      undo.push(() => plane.stop());
      const kubectl = new Kubectl(binaries.kubectl, plane.credentials.kubeconfig('admin'), signal);
      await kubectl.run([
        'create',
        'clusterrolebinding',
        'kubelet-client',
        '--clusterrole=system:kubelet-api-admin',
        `--user=${plane.credentials.kubeletClient}`,
      ]);
      const allImages = [await buildTestImage(binaries, slot.directory), ...images];
      const failures: unknown[] = [];
      const machines: Machine[] = [];
      for (const [at, kind] of nodes.entries()) {
        const index = at + 1;
        const node = await RealNode.create({
          slot,
          binaries,
          credentials: plane.credentials,
          index,
          of: nodes.length,
          name: nodeName(index),
          labels: kind.labels,
          taints: kind.taints ?? '',
          images: allImages,
        });
        const made = new Machine(node, machine, index, (error) => failures.push(error));
        undo.push(() => made.stop());
        machines.push(made);
        await made.start();
      }
      const cluster = new RealCluster({ slot, binaries, plane, kubectl, machines, failures });
      await cluster.#nodesReady(signal);
      return cluster;
    } catch (error) {
      for (const step of undo.reverse()) await step();
      throw error;
    }
  }

  /** The machines whose updates the operator looks after. */
  get managed(): readonly Machine[] {
    return this.machines.filter(({ node }) => node.labels[UPDATER_INTERFACE_LABEL] === UPDATER_INTERFACE_VERSION);
  }

  machine(name: string): Machine {
    const found = this.machines.find((machine) => machine.name === name);
    if (found === undefined) throw new Error(`there is no node ${name}`);
    return found;
  }

  /** Ends every process and removes everything that was made. */
  async stop(): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
    await this.plane.stop();
    await this.#slot.release();
  }

  async #nodesReady(signal: AbortSignal): Promise<void> {
    const endMs = systemClock.monotonic() + NODES_READY_MS;
    const isReady = ({ status }: NodeJson): boolean =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
    while ((await this.kubectl.list<NodeJson>('nodes')).filter(isReady).length < this.machines.length) {
      const dead = this.machines.find(({ node }) => !node.isUp);
      if (dead !== undefined)
        throw new Error(`${dead.name} has ended:\n${await dead.node.logTail('boot', 20)}\n${await dead.node.logTail('kubelet', 20)}`);
      if (systemClock.monotonic() > endMs) throw new Error(`the nodes are not ready after ${NODES_READY_MS / 1000} s`);
      await sleep(systemClock, LOOK_MS, signal);
    }
  }
}
