import { sleep, systemClock } from '@brupop/ports';
import type { ContractCase } from '../contract-case.ts';
import { aLease, aWidget, leases, makePod, MERGE, pods, refusal, widgets } from '../objects.ts';
import type { Answer, AskOptions, World } from '../world.ts';

const EVICTION = { kind: 'Validating', resources: ['pods/eviction'] } as const;

const evict = (world: World, options?: AskOptions): Promise<Answer> =>
  world.ask(
    'POST',
    `${pods(world)}/p/eviction`,
    { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace: world.namespace } },
    options,
  );

const isEnding = async (world: World): Promise<boolean> =>
  (await world.ask('GET', `${pods(world)}/p`)).body.metadata?.deletionTimestamp !== undefined;

/** Without the webhook's name, which differs for each case. */
const anonymous = ({ namespace }: World, answer: Answer): object => {
  const { message, ...rest } = refusal(answer) as { message?: string };
  return { ...rest, message: message?.replaceAll(`${namespace}.example.com`, 'WEBHOOK').replace(/Post ".*?"/, 'POST') };
};

export const WEBHOOKS: readonly ContractCase[] = [
  {
    name: 'a denial of an eviction has the code, the reason and the retry time of the webhook',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      const deny = { code: 429, reason: 'TooManyRequests', message: 'not during office hours', details: { retryAfterSeconds: 7 } };
      await world.webhook({ ...EVICTION, answer: () => ({ deny }) });
      const answer = await evict(world);
      return [anonymous(world, answer), answer.headers['retry-after'], await isEnding(world)];
    },
    expected: [
      {
        status: 429,
        reason: 'TooManyRequests',
        message: 'admission webhook "WEBHOOK" denied the request: not during office hours',
      },
      '7',
      false,
    ],
  },
  {
    name: 'a denial without a message is a bad request',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.webhook({ ...EVICTION, answer: () => ({ deny: {} }) });
      return anonymous(world, await evict(world));
    },
    expected: { status: 400, reason: undefined, message: 'admission webhook "WEBHOOK" denied the request without explanation' },
  },
  {
    name: 'a slow webhook delays the eviction',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.webhook({ ...EVICTION, answer: () => ({ delayMs: 1_000 }) });
      return [(await evict(world)).status, await isEnding(world)];
    },
    expected: [201, true],
  },
  {
    name: 'the eviction is abandoned if the client leaves during a webhook call',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.webhook({ ...EVICTION, answer: () => ({ delayMs: 1_500 }) });
      const { status } = await evict(world, { leaveAfterMs: 500 });
      await sleep(systemClock, 2_000);
      return [status, await isEnding(world)];
    },
    expected: [0, false],
  },
  {
    name: 'a webhook that exceeds its timeout fails the eviction under the policy Fail',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.webhook({ ...EVICTION, timeoutSeconds: 1, answer: () => ({ delayMs: 3_000 }) });
      return [anonymous(world, await evict(world)), await isEnding(world)];
    },
    expected: [
      {
        status: 500,
        reason: 'InternalError',
        message: 'Internal error occurred: failed calling webhook "WEBHOOK": failed to call webhook: POST: context deadline exceeded',
      },
      false,
    ],
  },
  {
    name: 'a webhook that exceeds its timeout is ignored under the policy Ignore',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.webhook({ ...EVICTION, timeoutSeconds: 1, failurePolicy: 'Ignore', answer: () => ({ delayMs: 3_000 }) });
      return [(await evict(world)).status, await isEnding(world)];
    },
    expected: [201, true],
  },
  {
    name: 'a webhook for a status gets writes of the status only, with the object before and after',
    observe: async (world) => {
      const seen: unknown[] = [];
      await world.webhook({
        kind: 'Validating',
        resources: ['widgets/status'],
        answer: ({ operation, kind, subResource, object, oldObject }) => {
          seen.push([operation, kind.kind, subResource, oldObject?.['status'], object?.['status']]);
          return {};
        },
      });
      await world.ask('POST', widgets(world), aWidget('w'));
      await world.ask('PATCH', `${widgets(world)}/w`, { spec: { size: 4 } }, MERGE);
      await world.ask('PATCH', `${widgets(world)}/w/status`, { status: { phase: 'new' } }, MERGE);
      return seen;
    },
    expected: [['UPDATE', 'Widget', 'status', undefined, { phase: 'new' }]],
  },
  {
    name: 'a mutating webhook changes the stored object',
    observe: async (world) => {
      await world.webhook({
        kind: 'Mutating',
        resources: ['leases'],
        answer: () => ({ patch: [{ op: 'replace', path: '/spec/leaseDurationSeconds', value: 99 }] }),
      });
      await world.ask('POST', leases(world), aLease('l', 'me'));
      return (await world.ask('GET', `${leases(world)}/l`)).body.spec.leaseDurationSeconds;
    },
    expected: 99,
  },
];
