import type { ContractCase } from '../contract-case.ts';
import { aConfigMap, aWidget, configMaps, kindOf, makePod, pods, refusal, widgets } from '../objects.ts';
import type { Json, World } from '../world.ts';

const names = (body: Json): string[] => body.items.map(({ metadata }: Json) => metadata.name as string);
const ours = 'labelSelector=contract';

async function makeFive(world: World): Promise<void> {
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    await world.ask('POST', configMaps(world), aConfigMap(name, {}, { labels: { contract: name } }));
}

export const LISTS: readonly ContractCase[] = [
  {
    name: 'all pages have the same resourceVersion',
    observe: async (world) => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await world.ask('POST', widgets(world), aWidget(name));
      const first = await world.ask('GET', `${widgets(world)}?limit=2`);
      await world.ask('DELETE', `${widgets(world)}/c`);
      const token = encodeURIComponent(first.body.metadata.continue as string);
      const second = await world.ask('GET', `${widgets(world)}?limit=2&continue=${token}`);
      const last = await world.ask(
        'GET',
        `${widgets(world)}?limit=2&continue=${encodeURIComponent(second.body.metadata.continue as string)}`,
      );
      const sameVersion = new Set([first, second, last].map(({ body }) => body.metadata.resourceVersion as string)).size === 1;
      return [
        names(first.body),
        first.body.metadata.remainingItemCount,
        names(second.body),
        names(last.body),
        last.body.metadata.continue,
        sameVersion,
      ];
    },
    expected: [['a', 'b'], 3, ['c', 'd'], ['e'], '', true],
  },
  {
    name: 'pages of a selection do not contain the number of remaining items',
    observe: async (world) => {
      await makeFive(world);
      const { body } = await world.ask('GET', `${configMaps(world)}?limit=2&${ours}`);
      return [names(body), typeof body.metadata.continue, body.metadata.remainingItemCount];
    },
    expected: [['a', 'b'], 'string', undefined],
  },
  {
    name: 'an invalid continue token or limit is rejected',
    observe: async (world) => [
      kindOf(await world.ask('GET', `${configMaps(world)}?continue=nonsense`)),
      kindOf(await world.ask('GET', `${configMaps(world)}?limit=x`)),
    ],
    expected: [
      { status: 400, reason: 'BadRequest' },
      { status: 400, reason: 'BadRequest' },
    ],
  },
  {
    name: 'an exact past resourceVersion can be listed',
    observe: async (world) => {
      const { body } = await world.ask('POST', widgets(world), aWidget('a'));
      await world.ask('POST', widgets(world), aWidget('b'));
      const { resourceVersion } = body.metadata;
      return [
        names((await world.ask('GET', `${widgets(world)}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`)).body),
        names((await world.ask('GET', `${widgets(world)}?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`)).body),
      ];
    },
    expected: [['a'], ['a', 'b']],
  },
  {
    name: 'a future resourceVersion is a timeout',
    observe: async (world) => {
      const answer = await world.ask('GET', `${configMaps(world)}?resourceVersion=99999999999&resourceVersionMatch=NotOlderThan`);
      return [kindOf(answer), answer.body.details?.causes?.map(({ reason }: Json) => reason as string)];
    },
    expected: [{ status: 504, reason: 'Timeout' }, ['ResourceVersionTooLarge']],
  },
  {
    name: 'label selectors: equality, absence, sets',
    observe: async (world) => {
      await makeFive(world);
      const select = async (selector: string): Promise<string[]> =>
        names((await world.ask('GET', `${configMaps(world)}?labelSelector=${encodeURIComponent(`contract,${selector}`)}`)).body);
      return [
        await select('contract=a'),
        await select('contract!=a'),
        await select('contract in (a,b)'),
        await select('contract notin (a,b)'),
        await select('!contract'),
      ];
    },
    expected: [['a'], ['b', 'c', 'd', 'e'], ['a', 'b'], ['c', 'd', 'e'], []],
  },
  {
    name: 'an invalid label selector is rejected',
    observe: async (world) => kindOf(await world.ask('GET', `${configMaps(world)}?labelSelector=${encodeURIComponent('a in b')}`)),
    expected: { status: 400, reason: 'BadRequest' },
  },
  {
    name: 'pods are selected by node and phase, also in all namespaces',
    observe: async (world) => {
      await makePod(world, 'running', {}, true);
      const select = async (selector: string): Promise<string[]> =>
        names(
          (await world.ask('GET', `/api/v1/pods?fieldSelector=${encodeURIComponent(`metadata.namespace=${world.namespace},${selector}`)}`))
            .body,
        );
      return [
        await select('spec.nodeName=contract-node'),
        await select('spec.nodeName=other'),
        await select('status.phase=Running'),
        await select('status.phase!=Running'),
      ];
    },
    expected: [['running'], [], ['running'], []],
  },
  {
    name: 'an unsupported field selector is rejected',
    observe: async (world) => refusal(await world.ask('GET', `${pods(world)}?fieldSelector=spec.none%3Dx`)),
    expected: {
      status: 400,
      reason: 'BadRequest',
      message: 'field label not supported: spec.none',
    },
  },
];
