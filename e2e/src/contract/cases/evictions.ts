import type { ContractCase } from '../contract-case.ts';
import { aPod, budgets, kindOf, makePod, pods } from '../objects.ts';
import type { Answer, Json, World } from '../world.ts';

const WEB = { app: 'web' };

const evict = (world: World, name: string, deleteOptions?: object, query = ''): Promise<Answer> =>
  world.ask('POST', `${pods(world)}/${name}/eviction${query}`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: world.namespace },
    ...(deleteOptions === undefined ? {} : { deleteOptions }),
  });

const aBudget = (spec: object, name = 'web'): object => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name },
  spec: { selector: { matchLabels: WEB }, ...spec },
});

interface Count {
  readonly expected: number;
  readonly healthy: number;
}

/** Creates a budget, and waits until its status counts its pods. */
async function makeBudget(world: World, spec: object, count: Count, name = 'web'): Promise<void> {
  await world.ask('POST', budgets(world), aBudget(spec, name));
  await counted(world, name, count);
}

function counted(world: World, name: string, { expected, healthy }: Count): Promise<true> {
  return world.until(async () => {
    const { status, metadata } = (await world.ask('GET', `${budgets(world)}/${name}`)).body;
    const isCurrent = status?.observedGeneration === metadata.generation;
    return isCurrent && status.expectedPods === expected && status.currentHealthy === healthy ? true : undefined;
  });
}

const refusedBy = ({ status, body, headers }: Answer): object => ({
  status,
  reason: body.reason,
  message: body.message,
  causes: body.details?.causes,
  retryAfter: headers['retry-after'],
});

const refused = (message: string): object => ({
  status: 429,
  reason: 'TooManyRequests',
  message: "Cannot evict pod as it would violate the pod's disruption budget.",
  causes: [{ reason: 'DisruptionBudget', message }],
  retryAfter: undefined,
});

export const EVICTIONS: readonly ContractCase[] = [
  {
    name: 'a pod without a budget is evicted, which is a deletion with its grace period',
    observe: async (world) => {
      await makePod(world, 'p', WEB, true);
      const { status, body } = await evict(world, 'p', { gracePeriodSeconds: 77 });
      const { body: pod } = await world.ask('GET', `${pods(world)}/p`);
      const condition = pod.status.conditions.find(({ type }: Json) => type === 'DisruptionTarget');
      return [status, body.kind, body.status, pod.metadata.deletionGracePeriodSeconds, condition?.reason];
    },
    expected: [201, 'Status', 'Success', 77, 'EvictionByEvictionAPI'],
  },
  {
    name: 'a budget allows the evictions that it can spare, then refuses with its name',
    observe: async (world) => {
      for (const name of ['a', 'b', 'c']) await makePod(world, name, WEB, true);
      await makeBudget(world, { minAvailable: 2 }, { expected: 3, healthy: 3 });
      const { status } = await evict(world, 'a');
      await counted(world, 'web', { expected: 3, healthy: 2 });
      return [status, refusedBy(await evict(world, 'b'))];
    },
    expected: [201, refused('The disruption budget web needs 2 healthy pods and has 2 currently')],
  },
  {
    name: 'a budget without disruptions allowed refuses',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      await makeBudget(world, { minAvailable: 1 }, { expected: 1, healthy: 1 });
      return refusedBy(await evict(world, 'a'));
    },
    expected: refused('The disruption budget web needs 1 healthy pods and has 1 currently'),
  },
  {
    name: 'a pod that is not ready is evicted if enough others are ready, under the default policy',
    observe: async (world) => {
      for (const name of ['a', 'b']) await makePod(world, name, WEB, true);
      await makePod(world, 'sick', WEB, false);
      await makeBudget(world, { minAvailable: 2 }, { expected: 3, healthy: 2 });
      return (await evict(world, 'sick')).status;
    },
    expected: 201,
  },
  {
    name: 'a pod that is not ready is not evicted if too few others are ready, under the default policy',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      await makePod(world, 'sick', WEB, false);
      await makeBudget(world, { minAvailable: 2 }, { expected: 2, healthy: 1 });
      return refusedBy(await evict(world, 'sick'));
    },
    expected: refused('The disruption budget web needs 2 healthy pods and has 1 currently'),
  },
  {
    name: 'AlwaysAllow allows the eviction of a pod that is not ready, whatever the others are',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      await makePod(world, 'sick', WEB, false);
      await makeBudget(world, { minAvailable: 2, unhealthyPodEvictionPolicy: 'AlwaysAllow' }, { expected: 2, healthy: 1 });
      return (await evict(world, 'sick')).status;
    },
    expected: 201,
  },
  {
    name: 'two budgets for one pod are an error, not a refusal',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      await makeBudget(world, { minAvailable: 0 }, { expected: 1, healthy: 1 });
      await makeBudget(world, { minAvailable: 0 }, { expected: 1, healthy: 1 }, 'other');
      const { status, body } = await evict(world, 'a');
      return { status, reason: body.reason, message: body.message };
    },
    expected: {
      status: 500,
      reason: undefined,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    },
  },
  {
    name: 'a pod that has finished, has not started or is terminating needs no budget',
    observe: async (world) => {
      await makePod(world, 'keep', WEB, true);
      await world.ask('POST', pods(world), aPod('pending', WEB));
      await makePod(world, 'done', WEB, false);
      await world.ask(
        'PATCH',
        `${pods(world)}/done/status`,
        { status: { phase: 'Succeeded' } },
        { contentType: 'application/merge-patch+json' },
      );
      await makePod(world, 'going', WEB, true);
      await world.ask('DELETE', `${pods(world)}/going?gracePeriodSeconds=300`);
      await world.ask('POST', budgets(world), aBudget({ minAvailable: 5 }));
      await world.until(async () =>
        (await world.ask('GET', `${budgets(world)}/web`)).body.status?.currentHealthy === 1 ? true : undefined,
      );
      return [
        (await evict(world, 'pending')).status,
        (await evict(world, 'done')).status,
        (await evict(world, 'going')).status,
        (await evict(world, 'keep')).status,
      ];
    },
    expected: [201, 201, 201, 429],
  },
  {
    name: 'a pod of the same name with another uid is not evicted',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      return kindOf(await evict(world, 'a', { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } }));
    },
    expected: { status: 409, reason: 'Conflict' },
  },
  {
    name: 'a missing pod is NotFound',
    observe: async (world) => {
      const { status, body } = await evict(world, 'none');
      return { status, reason: body.reason, message: body.message };
    },
    expected: { status: 404, reason: 'NotFound', message: 'pods "none" not found' },
  },
  {
    name: 'a dry run checks the budget and evicts nothing',
    observe: async (world) => {
      await makePod(world, 'a', WEB, true);
      const { status } = await evict(world, 'a', undefined, '?dryRun=All');
      return [status, (await world.ask('GET', `${pods(world)}/a`)).body.metadata.deletionTimestamp];
    },
    expected: [201, undefined],
  },
  ...[{ maxUnavailable: 1 }, { minAvailable: '50%' }].map((spec) => ({
    name: `a budget of ${JSON.stringify(spec)} refuses the eviction of a pod without a controller`,
    observe: async (world: World): Promise<unknown> => {
      for (const name of ['a', 'b', 'c']) await makePod(world, name, WEB, true);
      await world.ask('POST', budgets(world), aBudget(spec));
      const condition = await world.until(async () => {
        const { status } = (await world.ask('GET', `${budgets(world)}/web`)).body;
        return status?.conditions?.find(({ type }: Json) => type === 'DisruptionAllowed');
      });
      return [condition.status, condition.reason, (await evict(world, 'a')).status];
    },
    expected: ['False', 'InsufficientPods', 429],
  })),
];
