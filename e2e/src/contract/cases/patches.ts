import type { ContractCase } from '../contract-case.ts';
import { aConfigMap, aWidget, configMaps, JSON_PATCH, kindOf, MERGE, refusal, STRATEGIC, widgets } from '../objects.ts';
import type { Json, World } from '../world.ts';

const node = (world: World): string => `/api/v1/nodes/${world.namespace}`;
const makeNode = (world: World, more: object = {}) =>
  world.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: world.namespace }, ...more });

export const PATCHES: readonly ContractCase[] = [
  {
    name: 'a merge patch replaces the fields that it contains, and removes those that are null',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a', { keep: '1', change: '1', remove: '1' }));
      const { status, body } = await world.ask('PATCH', `${configMaps(world)}/a`, { data: { change: '2', remove: null } }, MERGE);
      return [status, body.data];
    },
    expected: [200, { keep: '1', change: '2' }],
  },
  {
    name: 'a patch with an old resourceVersion is a conflict',
    observe: async (world) => {
      const { body: old } = await world.ask('POST', widgets(world), aWidget('w'));
      await world.ask('PATCH', `${widgets(world)}/w`, { spec: { size: 4 } }, MERGE);
      const { resourceVersion } = old.metadata;
      return kindOf(await world.ask('PATCH', `${widgets(world)}/w`, { metadata: { resourceVersion }, spec: { size: 5 } }, MERGE));
    },
    expected: { status: 409, reason: 'Conflict' },
  },
  {
    name: 'a patch with another uid is invalid, whereas such an update is a conflict',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      const metadata = { uid: '00000000-0000-4000-8000-000000000000' };
      return kindOf(await world.ask('PATCH', `${widgets(world)}/w`, { metadata, spec: { size: 5 } }, MERGE));
    },
    expected: { status: 422, reason: 'Invalid' },
  },
  {
    name: 'a patch that changes nothing keeps resourceVersion and generation',
    observe: async (world) => {
      const { body } = await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle', size: 4 }));
      const { body: again } = await world.ask('PATCH', `${widgets(world)}/w`, { spec: { size: 4 } }, MERGE);
      return [again.metadata.resourceVersion === body.metadata.resourceVersion, again.metadata.generation];
    },
    expected: [true, 1],
  },
  {
    name: 'a JSON patch with a failing test changes nothing',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a', { x: '1' }));
      const patch = [
        { op: 'test', path: '/data/x', value: '2' },
        { op: 'replace', path: '/data/x', value: '3' },
      ];
      const answer = await world.ask('PATCH', `${configMaps(world)}/a`, patch, JSON_PATCH);
      return [kindOf(answer), (await world.ask('GET', `${configMaps(world)}/a`)).body.data];
    },
    expected: [{ status: 422, reason: 'Invalid' }, { x: '1' }],
  },
  {
    name: 'a JSON patch can change an annotation with a slash in its name',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a', {}, { annotations: { 'example.com/x': '1', y: '1' } }));
      const { body } = await world.ask(
        'PATCH',
        `${configMaps(world)}/a`,
        [{ op: 'remove', path: '/metadata/annotations/example.com~1x' }],
        JSON_PATCH,
      );
      return body.metadata.annotations;
    },
    expected: { y: '1' },
  },
  {
    name: 'a strategic merge patch replaces taints as a whole, and merges conditions by their type',
    observe: async (world) => {
      await makeNode(world, { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } });
      const conditions = ['A', 'B'].map((type) => ({ type, status: 'True' }));
      await world.ask('PATCH', `${node(world)}/status`, { status: { conditions } }, MERGE);
      const taints = await world.ask('PATCH', node(world), { spec: { taints: [{ key: 'b', effect: 'NoSchedule' }] } }, STRATEGIC);
      const status = await world.ask(
        'PATCH',
        `${node(world)}/status`,
        { status: { conditions: [{ type: 'B', status: 'False' }] } },
        STRATEGIC,
      );
      await world.ask('DELETE', node(world));
      const ofOneLetter = (list: Json, key: string): string[] =>
        list
          .map((item: Json) => `${String(item[key])} ${String(item.status ?? '')}`)
          .filter((text: string) => / (True|False)?$/.test(text) && text[1] === ' ');
      return [ofOneLetter(taints.body.spec.taints, 'key'), ofOneLetter(status.body.status.conditions, 'type').sort()];
    },
    expected: [['b '], ['A True', 'B False']],
  },
  {
    name: 'a custom resource does not support strategic merge patch',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      return kindOf(await world.ask('PATCH', `${widgets(world)}/w`, { spec: { size: 4 } }, STRATEGIC));
    },
    expected: { status: 415, reason: 'UnsupportedMediaType' },
  },
  {
    name: 'a patch of a missing object is NotFound',
    observe: async (world) => refusal(await world.ask('PATCH', `${configMaps(world)}/none`, { data: {} }, MERGE)),
    expected: { status: 404, reason: 'NotFound', message: 'configmaps "none" not found' },
  },
  {
    name: 'a patch of spec increments the generation, one of metadata or status does not',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      const generation = async (path: string, patch: object): Promise<unknown> =>
        (await world.ask('PATCH', `${widgets(world)}/w${path}`, patch, MERGE)).body.metadata.generation;
      return [
        await generation('', { metadata: { labels: { a: 'b' } } }),
        await generation('/status', { status: { phase: 'x' } }),
        await generation('', { spec: { size: 4 } }),
      ];
    },
    expected: [1, 1, 2],
  },
  {
    name: 'cordoning a node by merge patch keeps its other fields',
    observe: async (world) => {
      await makeNode(world, { spec: { providerID: 'x' } });
      const { body } = await world.ask('PATCH', node(world), { spec: { unschedulable: true } }, MERGE);
      const { body: back } = await world.ask('PATCH', node(world), { spec: { unschedulable: null } }, MERGE);
      await world.ask('DELETE', node(world));
      return [body.spec.unschedulable, body.spec.providerID, 'unschedulable' in back.spec];
    },
    expected: [true, 'x', false],
  },
];
