import type { ContractCase } from '../contract-case.ts';
import { aConfigMap, aPod, aWidget, configMaps, kindOf, makePod, MERGE, pods, refusal, widgets } from '../objects.ts';
import type { Json } from '../world.ts';

const OTHER = '00000000-0000-4000-8000-000000000000';

export const DELETIONS: readonly ContractCase[] = [
  {
    name: 'a deletion answers with a Status that names the object',
    observe: async (world) => {
      const { body: made } = await world.ask('POST', widgets(world), aWidget('w'));
      const { status, body } = await world.ask('DELETE', `${widgets(world)}/w`);
      return [
        status,
        body.kind,
        body.status,
        body.details.name,
        body.details.group,
        body.details.kind,
        body.details.uid === made.metadata.uid,
      ];
    },
    expected: [200, 'Status', 'Success', 'w', 'contract.example.com', 'widgets', true],
  },
  {
    name: 'a deletion with an unexpected uid or resourceVersion is a conflict',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a'));
      const remove = (preconditions: object) =>
        world.ask('DELETE', `${configMaps(world)}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
      return [kindOf(await remove({ uid: OTHER })), kindOf(await remove({ resourceVersion: '1' })), (await remove({})).status];
    },
    expected: [{ status: 409, reason: 'Conflict' }, { status: 409, reason: 'Conflict' }, 200],
  },
  {
    name: 'a pod on a node terminates for its grace period; without one it is removed immediately',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      await world.ask('DELETE', `${pods(world)}/p?gracePeriodSeconds=300`);
      const { body } = await world.ask('GET', `${pods(world)}/p`);
      await world.ask('DELETE', `${pods(world)}/p?gracePeriodSeconds=0`);
      return [
        typeof body.metadata.deletionTimestamp,
        body.metadata.deletionGracePeriodSeconds,
        (await world.ask('GET', `${pods(world)}/p`)).status,
      ];
    },
    expected: ['string', 300, 404],
  },
  {
    name: 'a grace period can be shortened, but not extended',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      const grace = async (seconds: number): Promise<unknown> => {
        await world.ask('DELETE', `${pods(world)}/p?gracePeriodSeconds=${seconds}`);
        return (await world.ask('GET', `${pods(world)}/p`)).body.metadata.deletionGracePeriodSeconds;
      };
      return [await grace(100), await grace(200), await grace(50)];
    },
    expected: [100, 100, 50],
  },
  {
    name: 'a pod without a node is removed immediately',
    observe: async (world) => {
      await world.ask('POST', pods(world), aPod('p', {}, { nodeName: '', nodeSelector: { none: 'none' } }));
      await world.ask('DELETE', `${pods(world)}/p`);
      return (await world.ask('GET', `${pods(world)}/p`)).status;
    },
    expected: 404,
  },
  {
    name: 'a finalizer keeps an object until it is removed',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle' }, { finalizers: ['example.com/hold'] }));
      const { body } = await world.ask('DELETE', `${widgets(world)}/w`);
      const more = await world.ask(
        'PATCH',
        `${widgets(world)}/w`,
        { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
        MERGE,
      );
      await world.ask('PATCH', `${widgets(world)}/w`, { metadata: { finalizers: null } }, MERGE);
      return [typeof body.metadata.deletionTimestamp, kindOf(more), (await world.ask('GET', `${widgets(world)}/w`)).status];
    },
    expected: ['string', { status: 422, reason: 'Invalid' }, 404],
  },
  {
    name: 'dependents of a deleted owner are deleted; others stay',
    observe: async (world) => {
      const { body: owner } = await world.ask('POST', configMaps(world), aConfigMap('owner'));
      const { name, uid } = owner.metadata;
      const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
      await world.ask('POST', widgets(world), aWidget('owned', { state: 'Idle' }, { ownerReferences }));
      await world.ask('POST', widgets(world), aWidget('free'));
      await world.ask('DELETE', `${configMaps(world)}/owner`);
      await world.until(async () => ((await world.ask('GET', `${widgets(world)}/owned`)).status === 404 ? true : undefined));
      return (await world.ask('GET', widgets(world))).body.items.map(({ metadata }: Json) => metadata.name as string);
    },
    expected: ['free'],
  },
  {
    name: 'a second deletion is NotFound',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a'));
      await world.ask('DELETE', `${configMaps(world)}/a`);
      return refusal(await world.ask('DELETE', `${configMaps(world)}/a`));
    },
    expected: { status: 404, reason: 'NotFound', message: 'configmaps "a" not found' },
  },
  {
    name: 'a terminating namespace rejects new objects, with a cause',
    observe: async (world) => {
      // With a finalizer, so that it still exists at the time of the request.
      await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle' }, { finalizers: ['example.com/hold'] }));
      await world.ask('DELETE', `/api/v1/namespaces/${world.namespace}`);
      const answer = await world.ask('POST', configMaps(world), aConfigMap('late'));
      await world.ask('PATCH', `${widgets(world)}/w`, { metadata: { finalizers: null } }, MERGE);
      return [kindOf(answer), answer.body.details?.causes?.map(({ reason }: Json) => reason as string)];
    },
    expected: [{ status: 403, reason: 'Forbidden' }, ['NamespaceTerminating']],
  },
];
