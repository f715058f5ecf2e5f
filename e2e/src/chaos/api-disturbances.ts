import { PLURAL } from '@brupop/crd-models';
import { textResponse } from '@brupop/ports';
import type { HttpRequest } from '@brupop/ports';
import type { Identity, WebhookBehaviour } from '@brupop/simulator';
import { between, MINUTE, oneOf, undoLater } from './context.ts';
import type { ChaosContext, Disturbance } from './context.ts';

const LONG_MESSAGE = `denied by policy ${'x'.repeat(50_000)}`;

/** Behaviours of an admission webhook, except for mutation. */
const BEHAVIOURS: readonly { readonly name: string; readonly behave: (context: ChaosContext) => WebhookBehaviour }[] = [
  { name: 'answers slowly', behave: ({ random }) => ({ delayMs: between(random, 1, 25) * 1_000 }) },
  { name: 'denies half of the requests', behave: ({ random }) => (random() < 0.5 ? { deny: { message: 'not now' } } : {}) },
  { name: 'denies everything', behave: () => ({ deny: { code: 403, message: 'denied by policy' } }) },
  { name: 'denies with a very long message', behave: () => ({ deny: { code: 403, message: LONG_MESSAGE } }) },
  {
    name: 'asks to wait',
    behave: () => ({ deny: { code: 429, reason: 'TooManyRequests', message: 'busy', details: { retryAfterSeconds: 30 } } }),
  },
  { name: 'is down', behave: () => ({ fails: 'connect: connection refused' }) },
];

const GUARDED: readonly (readonly string[])[] = [
  ['pods/eviction'],
  ['nodes'],
  [PLURAL],
  [`${PLURAL}/status`],
  ['events'],
  ['leases'],
  ['nodes', 'pods/eviction', `${PLURAL}/*`],
];

let webhooks = 0;

const webhook: Disturbance = (context) => {
  const { fleet, random } = context;
  const resources = oneOf(random, GUARDED) ?? [];
  const { name, behave } = oneOf(random, BEHAVIOURS) ?? { name: 'allows everything', behave: () => ({}) };
  const remove = fleet.api.webhooks.add({
    name: `chaos-${String(webhooks++)}.example.com`,
    resources,
    operations: ['CREATE', 'UPDATE'],
    timeoutSeconds: 30,
    // Only the requests of the operator matter here; those of kubelets, for example, are left alone.
    answer: ({ userInfo }) => (userInfo.username.includes(':brupop-') ? behave(context) : {}),
  });
  undoLater(context, 20 * MINUTE, remove);
  return `sets up a webhook of ${resources.join(', ')} that ${name}`;
};

const mutatingWebhook: Disturbance = (context) => {
  const remove = context.fleet.api.webhooks.add({
    name: `chaos-${String(webhooks++)}.example.com`,
    resources: ['nodes'],
    operations: ['UPDATE'],
    mutating: true,
    answer: ({ object }) =>
      object?.['metadata'] !== undefined && (object['metadata'] as { annotations?: object }).annotations !== undefined
        ? { patch: [{ op: 'add', path: '/metadata/annotations/example.com~1seen', value: 'yes' }] }
        : {},
  });
  undoLater(context, 20 * MINUTE, remove);
  return 'sets up a webhook that changes nodes';
};

/** Priority and fairness: the API server rejects requests for a while, as plain text, with a Retry-After header. */
const tooManyRequests: Disturbance = (context) => {
  const { fleet, random } = context;
  const { faults } = fleet.api;
  const share = between(random, 1, 9) / 10;
  const seconds = between(random, 1, 20);
  // Another fault may have replaced this hook, and may restore it when this one is over.
  let isOver = false;
  faults.beforeRequest = (_request: HttpRequest, { username }: Identity) =>
    !isOver && username.startsWith('system:serviceaccount:') && random() < share
      ? textResponse(429, 'Too many requests, please try again later.\n', { 'retry-after': String(seconds), 'content-type': 'text/plain' })
      : undefined;
  undoLater(context, 10 * MINUTE, () => {
    isOver = true;
  });
  return `turns away ${String(share * 100)} % of the requests for ${String(seconds)} s`;
};

/** One replica, or all of them, receive changes late. */
const lag: Disturbance = (context) => {
  const { fleet, random } = context;
  const component = oneOf(random, ['apiserver', 'brupop-controller']) ?? '';
  const running = fleet.running(component);
  const slow = new Set(random() < 0.3 ? running : running.slice(0, 1));
  const ms = between(random, 1, 180) * 1_000;
  fleet.api.faults.watchDelay = ({ extra }) =>
    (extra?.['authentication.kubernetes.io/pod-name'] ?? []).some((name) => slow.has(name)) ? ms : 0;
  undoLater(context, 20 * MINUTE, () => {
    fleet.api.faults.watchDelay = undefined;
  });
  return `lets ${[...slow].join(', ')} learn of changes ${String(ms / 1_000)} s late`;
};

/** Disturbances of the Kubernetes API. */
export const API_DISTURBANCES: readonly Disturbance[] = [webhook, webhook, webhook, mutatingWebhook, tooManyRequests, lag, lag];
