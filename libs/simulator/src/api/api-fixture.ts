import { VirtualClock, seededRandom } from '@brupop/ports';
import type { HttpRequest, HttpResponse } from '@brupop/ports';
import { SimulatedApi } from './simulated-api.ts';
import type { SimulatedApiOptions } from './simulated-api.ts';
import { isRecord, valueAt } from './types.ts';
import type { Json, KubeObject, ObjectInput } from './types.ts';

/** A parsed answer. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
}

/** Options of a test request. The defaults are the administrator and JSON. */
export interface CallOptions {
  readonly token?: string;
  readonly contentType?: string;
  readonly accept?: string;
}

/** Events of an open watch, as they arrive. */
export interface WatchProbe {
  readonly events: { readonly type: string; readonly object: KubeObject }[];
  /** Why the stream ended; undefined while it is open. */
  readonly ended: () => string | undefined;
  readonly close: () => void;
}

/** An API on a virtual clock, with shortcuts to call it over HTTP. */
export interface Fixture {
  readonly api: SimulatedApi;
  readonly clock: VirtualClock;
  readonly call: (method: HttpRequest['method'], path: string, body?: unknown, options?: CallOptions) => Promise<Answer>;
  readonly watch: (path: string, options?: CallOptions) => Promise<WatchProbe>;
  readonly create: (object: ObjectInput) => KubeObject;
}

/** @param options override the defaults */
export function anApi(options: Partial<SimulatedApiOptions> = {}): Fixture {
  const clock = new VirtualClock();
  const api = new SimulatedApi({ clock, random: seededRandom(1), ...options });
  const send = (method: HttpRequest['method'], path: string, body: unknown, how: CallOptions, signal: AbortSignal): Promise<HttpResponse> =>
    api.handle(
      {
        method,
        path,
        headers: {
          authorization: `Bearer ${how.token ?? api.adminToken}`,
          'content-type': how.contentType ?? 'application/json',
          accept: how.accept ?? 'application/json',
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      signal,
    );
  return {
    api,
    clock,
    async call(method, path, body, how = {}) {
      const response = await send(method, path, body, how, new AbortController().signal);
      const parsed: unknown = JSON.parse(await response.text());
      return { status: response.status, body: isRecord(parsed) ? parsed : {}, headers: response.headers };
    },
    async watch(path, how = {}) {
      const abort = new AbortController();
      const response = await send('GET', path, undefined, how, abort.signal);
      const events: { type: string; object: KubeObject }[] = [];
      let ended: string | undefined;
      const consume = async (): Promise<void> => {
        for await (const chunk of response.chunks) {
          for (const line of new TextDecoder().decode(chunk).split('\n')) {
            if (line !== '') events.push(JSON.parse(line) as { type: string; object: KubeObject });
          }
        }
      };
      consume().then(
        () => (ended = 'end'),
        (error: unknown) => (ended = String(error)),
      );
      await clock.settle();
      return {
        events,
        ended: () => ended,
        close: () => {
          abort.abort(new Error('closed'));
        },
      };
    },
    create: (object) => api.store.create(object),
  };
}

export const aPod = (name: string, more: { metadata?: object; spec?: object; status?: object } = {}): ObjectInput => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...more.metadata },
  ...{ spec: { containers: [{ name: 'main', image: 'app:1' }], ...more.spec }, status: more.status },
});

export const aReadyPod = (name: string, nodeName = 'n1', labels: Record<string, string> = { app: 'web' }): ObjectInput =>
  aPod(name, {
    metadata: { labels },
    spec: { nodeName },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });

export const aNode = (name: string, more: { labels?: Record<string, string>; spec?: object } = {}): ObjectInput => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, ...(more.labels && { labels: more.labels }) },
  ...{ spec: more.spec ?? {} },
});

const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] };

const WIDGET_SCHEMA = {
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
        items: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        limit: { 'x-kubernetes-int-or-string': true },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' } } },
  },
};

/** A CustomResourceDefinition of widgets; two versions, of which `v2` is stored. */
export const aWidgetDefinition = (conversion?: object): ObjectInput => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  ...{
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names,
      ...(conversion && { conversion }),
      versions: ['v1', 'v2'].map((name) => ({
        name,
        served: true,
        storage: name === 'v2',
        schema: { openAPIV3Schema: WIDGET_SCHEMA },
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'State', type: 'string', jsonPath: '.spec.state' },
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      })),
    },
  },
});

export const aWidget = (name: string, spec: object = { state: 'Idle' }, version = 'v2'): ObjectInput => ({
  apiVersion: `example.com/${version}`,
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  ...{ spec },
});

export const WIDGETS = '/apis/example.com/v2/namespaces/default/widgets';
export const PODS = '/api/v1/namespaces/default/pods';

/** The names of a list's items. */
export function itemNames({ body }: Answer): unknown[] {
  const items = body['items'];
  return Array.isArray(items) ? items.map((item) => valueAt(item, 'metadata.name')) : [];
}
