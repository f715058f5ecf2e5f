import { jsonResponse, systemClock } from '@brupop/ports';
import { behave, serveHttps } from '@brupop/simulator';
import type { AdmissionHandler, AdmissionRequest, WebhookBehaviour } from '@brupop/simulator';

/** Every namespace has its name as this label. */
export const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

/** A webhook that the server can reach. */
export interface HostedWebhook {
  /** The `clientConfig` of its configuration. */
  readonly clientConfig: object;
  readonly close: () => Promise<void>;
}

/** Where a case creates its webhook. */
interface WebhookWorld {
  readonly namespace: string;
  readonly ask: (method: 'POST' | 'DELETE', path: string, body?: unknown) => Promise<{ readonly body: unknown }>;
  readonly until: <T>(look: () => Promise<T | undefined>) => Promise<T>;
}

/** Makes a webhook reachable for an API server. */
type HostWebhook = (handler: AdmissionHandler) => Promise<HostedWebhook>;

/** An admission webhook of a case. */
export interface CaseWebhook {
  readonly kind: 'Validating' | 'Mutating';
  /** As in a configuration, such as `pods/eviction`. */
  readonly resources: readonly string[];
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly timeoutSeconds?: number;
  readonly answer: (request: AdmissionRequest) => WebhookBehaviour;
}

const GROUP = 'admissionregistration.k8s.io';
// The API server needs a moment to read the configuration; this shows that it has.
const PROBE = 'webhook-probe';

/** Serves a webhook and waits until the API server calls it. @returns a function that removes it */
export async function createWebhook(world: WebhookWorld, host: HostWebhook, webhook: CaseWebhook): Promise<() => Promise<void>> {
  const { kind, resources, failurePolicy = 'Fail', timeoutSeconds = 10, answer } = webhook;
  const isProbe = ({ resource, name, object }: AdmissionRequest): boolean =>
    resource.resource === 'configmaps' && (name ?? (object?.['metadata'] as { name?: string } | undefined)?.name) === PROBE;
  const { clientConfig, close } = await host((request, signal) =>
    behave(isProbe(request) ? { deny: { message: PROBE } } : answer(request), systemClock, signal),
  );
  const path = `/apis/${GROUP}/v1/${kind.toLowerCase()}webhookconfigurations`;
  const name = `${world.namespace}.example.com`;
  await world.ask('POST', path, {
    apiVersion: `${GROUP}/v1`,
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks: [
      {
        name,
        clientConfig,
        rules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: [...resources, 'configmaps'] }],
        namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: world.namespace } },
        failurePolicy,
        timeoutSeconds,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: PROBE } };
  await world.until(async () => {
    const { body } = await world.ask('POST', `/api/v1/namespaces/${world.namespace}/configmaps?dryRun=All`, probe);
    return JSON.stringify(body).includes(PROBE) ? true : undefined;
  });
  return async () => {
    await world.ask('DELETE', `${path}/${name}`);
    await close();
  };
}

/** A webhook as a server of this machine, for an API server on the same machine. */
export async function serveWebhook(handler: AdmissionHandler): Promise<HostedWebhook> {
  const server = await serveHttps(async ({ body = '' }, signal) => {
    const { request } = JSON.parse(body) as { readonly request: AdmissionRequest };
    const response = { uid: request.uid, ...(await handler(request, signal)) };
    return jsonResponse(200, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
  });
  return {
    clientConfig: { url: `${server.url}/admit`, caBundle: Buffer.from(server.caPem).toString('base64') },
    close: () => server.close(),
  };
}
