import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep, systemClock } from '@brupop/ports';
import type { Binaries, Program } from './binaries.ts';
import { makeCgroup } from './cgroups.ts';
import { createCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { Daemon } from './daemon.ts';
import { run } from './run.ts';
import type { Slot } from './slot.ts';

const SERVICE_CIDR = '10.203.0.0/16';
const KUBERNETES_SERVICE_IP = '10.203.0.1';
const READY_MS = 120_000;
const LOOK_MS = 200;
// Seconds until a dead node counts as not ready, and its pods are moved; minutes in a real cluster.
const NODE_GRACE_SECONDS = 12;
const POD_EVICTION_SECONDS = 20;
// For watches, both the start and the end are logged.
const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

/** Options of a control plane. */
export const CONTROL_PLANE_PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

/** Paths of its programs. Without CoreDNS its Services have no DNS names. */
export type ControlPlaneBinaries = Binaries<(typeof CONTROL_PLANE_PROGRAMS)[number]> & Partial<Binaries<'coredns'>>;

/** etcd, kube-apiserver, kube-controller-manager, kube-scheduler and CoreDNS, as processes of this machine. */
export class ControlPlane {
  readonly credentials: Credentials;
  readonly #slot: Slot;
  readonly #binaries: ControlPlaneBinaries;
  readonly #logs: string;
  readonly #daemons = new Map<Program, Daemon>();

  private constructor(slot: Slot, binaries: ControlPlaneBinaries, credentials: Credentials) {
    this.#slot = slot;
    this.#binaries = binaries;
    this.credentials = credentials;
    this.#logs = join(slot.directory, 'logs');
  }

  /** Starts everything; resolves when the API server is ready. @param nodeGraceSeconds time without heartbeats until a node is not ready */
  static async start(
    slot: Slot,
    binaries: ControlPlaneBinaries,
    signal: AbortSignal,
    nodeGraceSeconds: number = NODE_GRACE_SECONDS,
  ): Promise<ControlPlane> {
    const server = urlOf(slot);
    const credentials = await createCredentials(join(slot.directory, 'credentials'), server, [
      slot.hostIp,
      KUBERNETES_SERVICE_IP,
      'kubernetes.default.svc',
    ]);
    const plane = new ControlPlane(slot, binaries, credentials);
    await mkdir(plane.#logs, { recursive: true });
    await makeCgroup(plane.#cgroup);
    await writeFile(plane.#auditPolicy, JSON.stringify(AUDIT_POLICY));
    plane.#startEtcd();
    plane.startApiServer();
    await plane.ready(signal);
    await plane.#startOthers(nodeGraceSeconds);
    return plane;
  }

  /** The cgroup of everything that is not a pod. */
  get #cgroup(): string {
    return `${this.#slot.name}/system`;
  }

  get #auditPolicy(): string {
    return join(this.#slot.directory, 'audit-policy.json');
  }

  /** Of the API server. */
  get url(): string {
    return urlOf(this.#slot);
  }

  /** One line of JSON for each answered request of a ServiceAccount. */
  get auditLog(): string {
    return join(this.#logs, 'audit.log');
  }

  get #etcdUrl(): string {
    return `http://${this.#slot.hostIp}:2379`;
  }

  startApiServer(): void {
    const { hostIp } = this.#slot;
    const { directory } = this.credentials;
    this.#start('kube-apiserver', {
      'advertise-address': hostIp,
      'bind-address': hostIp,
      'secure-port': '6443',
      'etcd-servers': this.#etcdUrl,
      'tls-cert-file': `${directory}/kube-apiserver.crt`,
      'tls-private-key-file': `${directory}/kube-apiserver.key`,
      'client-ca-file': `${directory}/ca.crt`,
      'token-auth-file': `${directory}/tokens.csv`,
      'kubelet-client-certificate': `${directory}/kube-apiserver.crt`,
      'kubelet-client-key': `${directory}/kube-apiserver.key`,
      'kubelet-preferred-address-types': 'InternalIP',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': `${directory}/service-accounts.pub`,
      'service-account-signing-key-file': `${directory}/service-accounts.key`,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'service-cluster-ip-range': SERVICE_CIDR,
      'allow-privileged': 'true',
      // A webhook is reached by the endpoints of its Service, since there is no kube-proxy on this side.
      'enable-aggregator-routing': 'true',
      'audit-policy-file': this.#auditPolicy,
      'audit-log-path': this.auditLog,
      'default-not-ready-toleration-seconds': String(POD_EVICTION_SECONDS),
      'default-unreachable-toleration-seconds': String(POD_EVICTION_SECONDS),
    });
  }

  /** Kills the API server. */
  async killApiServer(): Promise<void> {
    await this.#daemons.get('kube-apiserver')?.kill();
  }

  /** Resolves when the API server is ready to answer. */
  async ready(signal: AbortSignal): Promise<void> {
    const endMs = systemClock.monotonic() + READY_MS;
    for (;;) {
      const apiserver = this.#daemons.get('kube-apiserver');
      const answer = await run(this.#binaries.kubectl, ['--kubeconfig', this.credentials.kubeconfig('admin'), 'get', '--raw', '/readyz'], {
        signal,
      }).catch((error: unknown) => String(error));
      if (answer === 'ok') return;
      if (apiserver?.isRunning !== true || systemClock.monotonic() > endMs) {
        throw new Error(`kube-apiserver is not ready; see ${this.#logs}/kube-apiserver.log: ${answer}`);
      }
      await sleep(systemClock, LOOK_MS, signal);
    }
  }

  /** Stops everything; etcd last, since without it kube-apiserver hangs in its own shutdown. */
  async stop(): Promise<void> {
    const others = [...this.#daemons].filter(([program]) => program !== 'etcd' && program !== 'kube-apiserver');
    await Promise.all(others.map(([, daemon]) => daemon.stop()));
    // What is in flight need not be waited for.
    await this.#daemons.get('kube-apiserver')?.kill();
    await this.#daemons.get('etcd')?.stop();
  }

  #startEtcd(): void {
    const peerUrl = `http://${this.#slot.hostIp}:2380`;
    this.#start('etcd', {
      'data-dir': join(this.#slot.directory, 'etcd'),
      'listen-client-urls': this.#etcdUrl,
      'advertise-client-urls': this.#etcdUrl,
      'listen-peer-urls': peerUrl,
      'initial-advertise-peer-urls': peerUrl,
      'initial-cluster': `default=${peerUrl}`,
      // The disk of a test cluster need not survive a power cut.
      'unsafe-no-fsync': 'true',
    });
  }

  async #startOthers(nodeGraceSeconds: number): Promise<void> {
    const { directory, kubeconfig } = this.credentials;
    const { hostIp } = this.#slot;
    this.#start('kube-controller-manager', {
      kubeconfig: kubeconfig('kube-controller-manager'),
      'authentication-kubeconfig': kubeconfig('kube-controller-manager'),
      'authorization-kubeconfig': kubeconfig('kube-controller-manager'),
      'bind-address': hostIp,
      'cert-dir': join(this.#slot.directory, 'kube-controller-manager'),
      'leader-elect': 'false',
      'service-account-private-key-file': `${directory}/service-accounts.key`,
      'root-ca-file': `${directory}/ca.crt`,
      'use-service-account-credentials': 'true',
      'node-monitor-grace-period': `${nodeGraceSeconds}s`,
    });
    this.#start('kube-scheduler', {
      kubeconfig: kubeconfig('kube-scheduler'),
      'authentication-kubeconfig': kubeconfig('kube-scheduler'),
      'authorization-kubeconfig': kubeconfig('kube-scheduler'),
      'bind-address': hostIp,
      'cert-dir': join(this.#slot.directory, 'kube-scheduler'),
      'leader-elect': 'false',
    });
    if (this.#binaries.coredns !== undefined) await this.#startDns(this.#binaries.coredns);
  }

  async #startDns(program: string): Promise<void> {
    const { kubeconfig } = this.credentials;
    const { hostIp } = this.#slot;
    const corefile = join(this.#slot.directory, 'Corefile');
    await writeFile(
      corefile,
      `.:53 {\n  bind ${hostIp}\n  errors\n  kubernetes cluster.local {\n    kubeconfig ${kubeconfig('admin')}\n  }\n}\n`,
    );
    this.#start('coredns', { conf: corefile }, program);
  }

  #start(
    program: keyof ControlPlaneBinaries,
    flags: Readonly<Record<string, string>>,
    command: string | undefined = this.#binaries[program],
  ): void {
    if (command === undefined) throw new Error(`there is no ${program}`);
    const daemon = new Daemon({
      command,
      args: Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
      logPath: join(this.#logs, `${program}.log`),
      cgroup: this.#cgroup,
    });
    this.#daemons.set(program, daemon);
  }
}

const urlOf = ({ hostIp }: Slot): string => `https://${hostIp}:6443`;
