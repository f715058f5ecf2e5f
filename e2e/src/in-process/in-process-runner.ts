import { createAgent } from '@brupop/agent';
import { createApiserver } from '@brupop/apiserver';
import type { Apiserver } from '@brupop/apiserver';
import { createController } from '@brupop/controller';
import type { Controller } from '@brupop/controller';
import {
  AGENT_COMPONENT,
  APISERVER_COMPONENT,
  APISERVER_SERVICE,
  COMPONENT_LABEL,
  DEFAULT_NAMESPACE,
  TOKEN_AUDIENCE,
} from '@brupop/crd-models';
import type { DrainTimeoutAction } from '@brupop/drain';
import { createKubeClient } from '@brupop/kube-runtime';
import { FollowingClock, inProcessClient } from '@brupop/ports';
import type { Clock, HttpClient, HttpRequest, Logger, Random } from '@brupop/ports';
import type { PodContext, PodRunner, RunningPod, SimulatedApi, SimulatedCluster } from '@brupop/simulator';
import { DEFAULT_AGENT_SETTINGS } from '@brupop/state-machine';
import type { AgentSettings, FleetPolicy } from '@brupop/state-machine';
import { AgentConnections } from './agent-connections.ts';
import { countedClient } from './counted-client.ts';
import { injectClient } from './inject-client.ts';
import { patientClient } from './patient-client.ts';
import { NetworkLink } from './network-link.ts';
import { skewedClock } from './skewed-clock.ts';

/** Options of the operator's pods. */
export interface InProcessRunnerOptions {
  readonly api: SimulatedApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly policy: FleetPolicy;
  readonly agentSettings?: Partial<AgentSettings>;
  readonly drainTimeoutMs?: number;
  readonly drainTimeoutAction?: DrainTimeoutAction;
  /** Whether an agent keeps its connections, as real ones do; a pending poll has its own. If not, each request uses the next replica. */
  readonly keptConnections?: boolean;
  /** By node: offset of the wall clock of everything that runs there, in milliseconds. */
  readonly skewMs?: ReadonlyMap<string, number>;
  /** By label `app` of pods with a container `brupop` that are not the operator's: whether the program is ready. */
  readonly readiness?: Readonly<Record<string, (context: PodContext) => boolean>>;
}

type StartedPod = Parameters<PodRunner['start']>[0];

// As the client of the host in the agent's `main.ts`.
const HOST_TIMEOUT_MS = 30_000;
const TOKEN_LIFETIME_MS = 3_607_000;
const KUBERNETES_AUDIENCE = 'https://kubernetes.default.svc';

/** Runs the operator's pods inside this process: the same code as in the images, except for `main.ts`. */
export class InProcessRunner implements PodRunner {
  readonly controllers: Set<Controller> = new Set();
  /** Called for each request of an agent to its host, before it is sent. */
  onHostRequest: ((node: string, request: HttpRequest) => void) | undefined;
  readonly #options: InProcessRunnerOptions;
  readonly #apiservers = new Map<string, HttpClient>();
  #cluster: SimulatedCluster | undefined;
  #starts = 0;
  #turn = 0;

  constructor(options: InProcessRunnerOptions) {
    this.#options = options;
  }

  /** The cluster whose Service selects the ready replicas. */
  attach(cluster: SimulatedCluster): void {
    this.#cluster = cluster;
  }

  start(pod: StartedPod, context: PodContext): RunningPod {
    const isProgramReady = this.#options.readiness?.[pod.metadata.labels?.['app'] ?? ''];
    if (isProgramReady !== undefined) return { isReady: () => Promise.resolve(isProgramReady(context)), stop: () => undefined };
    const component = pod.metadata.labels?.[COMPONENT_LABEL];
    const link = new NetworkLink();
    const stop = new AbortController();
    const uid = pod.metadata.uid ?? '';
    let run: Promise<unknown>;
    let isReady = (): boolean => true;
    if (component === AGENT_COMPONENT) {
      const agent = this.#agent(context, link);
      isReady = () => agent.problem() === undefined;
      run = agent.run(stop.signal);
    } else if (component === APISERVER_COMPONENT) {
      const apiserver = this.#apiserver(context, link);
      const { client, idle } = countedClient(link.incoming(injectClient(apiserver.app)));
      this.#apiservers.set(uid, client);
      isReady = apiserver.ready;
      // As in its `main.ts`: requests from before the stop are still answered.
      run = apiserver
        .run(stop.signal)
        .then(idle)
        .finally(() => this.#apiservers.delete(uid));
    } else {
      const controller = this.#controller(context, link);
      this.controllers.add(controller);
      run = controller.run(stop.signal).finally(() => this.controllers.delete(controller));
    }
    const ended = run.then(
      () => 0,
      () => 1,
    );
    void ended.then((code) => {
      if (!stop.signal.aborted) context.exited(code);
    });
    return {
      isReady: () => Promise.resolve(isReady()),
      stop: async (signal) => {
        if (signal === 'SIGKILL') {
          link.cut();
          this.#apiservers.delete(uid);
        }
        stop.abort(new Error(signal));
        if (signal === 'SIGTERM') await ended;
      },
    };
  }

  #agent(context: PodContext, link: NetworkLink): ReturnType<typeof createAgent> {
    const { random, log, agentSettings } = this.#options;
    return createAgent({
      apiserver: link.outgoing(this.#service()),
      host: link.outgoing(this.#host(context)),
      clock: this.#clock(context),
      random,
      log: log.child({ node: context.nodeName }),
      settings: { ...DEFAULT_AGENT_SETTINGS, ...agentSettings },
      nodeName: context.nodeName,
      readToken: this.#token(context, TOKEN_AUDIENCE),
      readBootId: () => context.host.bootId,
    });
  }

  #apiserver(context: PodContext, link: NetworkLink): Apiserver {
    const { random, log, drainTimeoutMs = 900_000, drainTimeoutAction = 'skip' } = this.#options;
    const clock = new FollowingClock(this.#clock(context));
    return createApiserver({
      client: createKubeClient({ http: link.outgoing(this.#kubernetes(context)), clock, onDate: clock.follow.bind(clock) }),
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
      namespace: DEFAULT_NAMESPACE,
      drainPolicy: { timeoutMs: drainTimeoutMs, onTimeout: drainTimeoutAction },
    });
  }

  #controller(context: PodContext, link: NetworkLink): Controller {
    const { random, log, policy } = this.#options;
    const clock = new FollowingClock(this.#clock(context));
    return createController({
      client: createKubeClient({ http: link.outgoing(this.#kubernetes(context)), clock, onDate: clock.follow.bind(clock) }),
      clock,
      random,
      log: log.child({ component: 'controller' }),
      policy,
      namespace: DEFAULT_NAMESPACE,
      nodeName: context.nodeName,
      identity: `controller-${String(this.#starts++)}`,
    });
  }

  #clock({ nodeName }: PodContext): Clock {
    const { clock, skewMs } = this.#options;
    return skewMs === undefined ? clock : skewedClock(clock, () => skewMs.get(nodeName) ?? 0);
  }

  #host({ host, nodeName }: PodContext): HttpClient {
    const client = inProcessClient(host.mountSocket());
    const patient = patientClient(client, this.#options.clock, HOST_TIMEOUT_MS);
    return {
      request: (request, signal) => {
        this.onHostRequest?.(nodeName, request);
        return patient.request(request, signal);
      },
    };
  }

  #kubernetes(context: PodContext): HttpClient {
    const token = this.#token(context, KUBERNETES_AUDIENCE);
    const client = inProcessClient(this.#options.api.handle);
    return {
      request: (request, signal) =>
        client.request({ ...request, headers: { ...request.headers, authorization: `Bearer ${token()}` } }, signal),
    };
  }

  /** A token file that the kubelet replaces after 80 % of its lifetime. */
  #token(context: PodContext, audience: string): () => string {
    const { clock } = this.#options;
    let token = '';
    let renewAtMs = -Infinity;
    return () => {
      if (clock.monotonic() >= renewAtMs) {
        token = context.issueToken(audience, TOKEN_LIFETIME_MS);
        renewAtMs = clock.monotonic() + 0.8 * TOKEN_LIFETIME_MS;
      }
      return token;
    };
  }

  /** The apiserver's Service for one agent: each connection goes to the next ready replica, and has one request at a time. */
  #service(): HttpClient {
    const connections = new AgentConnections(this.#options.clock);
    return {
      request: async (request, signal) => {
        const ready = this.#readyApiservers();
        const open = (): HttpClient | undefined => ready[this.#turn++ % Math.max(1, ready.length)];
        const connection = connections.take(ready, open, this.#options.keptConnections === true);
        if (connection === undefined) throw new Error('connection refused: no endpoint is ready');
        try {
          return await connection.client.request(request, signal);
        } finally {
          connection.release();
        }
      },
    };
  }

  #readyApiservers(): HttpClient[] {
    const names = this.#cluster?.endpoints(DEFAULT_NAMESPACE, APISERVER_SERVICE) ?? [];
    return names.flatMap((name) => {
      const pod = this.#cluster?.store.get('Pod', { namespace: DEFAULT_NAMESPACE, name });
      return this.#apiservers.get(pod?.metadata.uid ?? '') ?? [];
    });
  }
}
