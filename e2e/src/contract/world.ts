import { systemClock, sleep } from '@brupop/ports';
import type { HttpClient, HttpRequest } from '@brupop/ports';
import type { AdmissionHandler } from '@brupop/simulator';
import { createWebhook, NAMESPACE_LABEL } from './webhook.ts';
import type { CaseWebhook, HostedWebhook } from './webhook.ts';

/** A parsed answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

/** JSON of unknown shape. */
export type Json = any;

/** Options of a request. The defaults are the administrator and JSON. */
export interface AskOptions {
  readonly contentType?: string;
  readonly accept?: string;
  /** A service account's token, instead of the administrator's credentials. */
  readonly token?: string;
  /** Hangs up after this time without an answer, whose status is then 0. */
  readonly leaveAfterMs?: number;
}

/** An open watch. */
export interface Watching {
  /** What has arrived so far. */
  readonly events: readonly { readonly type: string; readonly object: Json }[];
  /** Waits for `count` events; gives up silently after a time, so that the case shows the events so far. */
  readonly come: (count: number) => Promise<void>;
  /** Waits until the server ends it; also gives up silently. */
  readonly ended: () => Promise<void>;
  readonly close: () => void;
}

/** A Kubernetes API under test. */
export interface World {
  /** The namespace of the case. */
  readonly namespace: string;
  readonly ask: (method: HttpRequest['method'], path: string, body?: unknown, options?: AskOptions) => Promise<Answer>;
  readonly watch: (path: string, options?: AskOptions) => Promise<Watching>;
  /** Makes the server forget the resourceVersion 1. */
  readonly forget: () => void;
  /** Lets an admission webhook of the case handle objects of its namespace, until the case has ended. */
  readonly webhook: (webhook: CaseWebhook) => Promise<void>;
  /** Polls until `look` returns a value. @throws Error after a timeout */
  readonly until: <T>(look: () => Promise<T | undefined>) => Promise<T>;
}

/** A server, and its credentials: as administrator or with a token. */
export interface Server {
  readonly asAdmin: HttpClient;
  readonly withToken: (token: string) => HttpClient;
  /** Makes the server forget the resourceVersion 1. */
  readonly forget: () => void;
  /** Makes a webhook reachable for the server. @returns the `clientConfig` of its configuration */
  readonly hostWebhook: (handler: AdmissionHandler) => Promise<HostedWebhook>;
}

export const GROUP = 'contract.example.com';
export const CRD_NAME: string = `widgets.${GROUP}`;
const ASK_MS = 20_000;
const COME_MS = 10_000;
const UNTIL_MS = 60_000;
const LOOK_MS = 100;

let cases = 0;

/** Creates a namespace in `server`, ready for use; `done` removes it. */
export async function createWorld(server: Server, run: string): Promise<World & { readonly done: () => Promise<void> }> {
  const namespace = `contract-${run}-${++cases}`;
  const cleanup: (() => Promise<void>)[] = [];
  const world: World = {
    namespace,
    ask: (method, path, body, options = {}) => ask(server, method, path, body, options),
    watch: (path, options = {}) => watch(server, path, options),
    forget: server.forget,
    until,
    webhook: async (webhook) => {
      cleanup.push(await createWebhook(world, server.hostWebhook, webhook));
    },
  };
  await world.ask('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { [NAMESPACE_LABEL]: namespace } },
  });
  await serviceAccountOf(world);
  return {
    ...world,
    done: async () => {
      for (const clean of cleanup) await clean();
      await world.ask('DELETE', `/api/v1/namespaces/${namespace}`);
    },
  };
}

/** Pods require this ServiceAccount in their namespace; a cluster without its controller needs it from here. */
async function serviceAccountOf({ ask: askApi, namespace }: World): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await askApi('POST', path, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } });
}

/** Defines the kind Widget. @returns a function that removes it */
export async function defineWidgets(server: Server): Promise<() => Promise<void>> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  await ask(server, 'POST', path, WIDGETS, {});
  await until(async () => {
    const { body } = await ask(server, 'GET', `${path}/${CRD_NAME}`, undefined, {});
    const established = body.status?.conditions?.some(({ type, status }: Json) => type === 'Established' && status === 'True');
    const { status } = await ask(server, 'GET', `/apis/${GROUP}/v2/widgets`, undefined, {});
    return established === true && status === 200 ? true : undefined;
  });
  return async () => {
    await ask(server, 'DELETE', `${path}/${CRD_NAME}`, undefined, {});
  };
}

const SCHEMA = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['state'],
      properties: {
        state: { type: 'string', enum: ['Idle', 'Busy'] },
        size: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
        version: { type: 'string', nullable: true, pattern: '^\\d+\\.\\d+$' },
        at: { type: 'string', format: 'date-time' },
        parts: {
          type: 'array',
          items: { type: 'object', required: ['type'], properties: { type: { type: 'string' }, text: { type: 'string' } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
        },
      },
    },
    status: {
      type: 'object',
      nullable: true,
      required: ['phase'],
      properties: { phase: { type: 'string' }, count: { type: 'integer', format: 'uint32', minimum: 0 } },
    },
  },
};

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: CRD_NAME },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wdg'] },
    versions: ['v2', 'v1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v2',
      schema: { openAPIV3Schema: SCHEMA },
      subresources: { status: {} },
      additionalPrinterColumns: [
        { name: 'State', type: 'string', jsonPath: '.spec.state' },
        { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
        { name: 'Count', type: 'integer', jsonPath: '.status.count' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
    })),
  },
};

async function ask(server: Server, method: HttpRequest['method'], path: string, body: unknown, options: AskOptions): Promise<Answer> {
  const { contentType = 'application/json', accept = 'application/json', token, leaveAfterMs } = options;
  const client = token === undefined ? server.asAdmin : server.withToken(token);
  const leaving = leaveAfterMs === undefined ? undefined : AbortSignal.timeout(leaveAfterMs);
  const response = await client
    .request(
      {
        method,
        path,
        headers: { accept, ...(body === undefined ? {} : { 'content-type': contentType }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
      AbortSignal.any([AbortSignal.timeout(ASK_MS), ...(leaving === undefined ? [] : [leaving])]),
    )
    .catch((error: unknown) => {
      if (leaving?.aborted === true) return undefined;
      throw error;
    });
  if (response === undefined) return { status: 0, headers: {}, body: undefined };
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = text;
  }
  return { status: response.status, headers: response.headers, body: parsed };
}

async function watch(server: Server, path: string, options: AskOptions): Promise<Watching> {
  const abort = new AbortController();
  const client = options.token === undefined ? server.asAdmin : server.withToken(options.token);
  const response = await client.request({ method: 'GET', path, headers: { accept: options.accept ?? 'application/json' } }, abort.signal);
  const events: { type: string; object: Json }[] = [];
  const read = async (): Promise<void> => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') events.push(JSON.parse(line) as { type: string; object: Json });
    }
  };
  const reading = read().catch(() => undefined);
  return {
    events,
    ended: () => Promise.race([reading, sleep(systemClock, COME_MS)]),
    come: async (count) => {
      const endMs = systemClock.monotonic() + COME_MS;
      while (events.length < count && systemClock.monotonic() < endMs) await sleep(systemClock, LOOK_MS / 5);
    },
    close: () => {
      abort.abort(new Error('closed'));
    },
  };
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const endMs = systemClock.monotonic() + UNTIL_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (systemClock.monotonic() > endMs) throw new Error(`not seen within ${UNTIL_MS / 1000} s`);
    await sleep(systemClock, LOOK_MS);
  }
}
