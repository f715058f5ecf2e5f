import type { ContractCase } from '../contract-case.ts';
import { aConfigMap, aWidget, configMaps, MERGE, widgets } from '../objects.ts';
import type { Watching, World } from '../world.ts';

const seen = ({ events }: Watching): string[] =>
  events.map(({ type, object }) => `${type} ${String(object.metadata?.name ?? object.reason)}`);

/** Only what this case creates: every namespace also has a ConfigMap of its own. */
const OURS = 'labelSelector=contract';
const aLabelled = (name: string, data: object = {}): object => aConfigMap(name, data, { labels: { contract: 'yes' } });

async function listVersion(world: World): Promise<string> {
  return (await world.ask('GET', configMaps(world))).body.metadata.resourceVersion as string;
}

export const WATCHES: readonly ContractCase[] = [
  {
    name: 'a watch from the resourceVersion of a list sends each change, once and in order',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aLabelled('a'));
      const watching = await world.watch(`${configMaps(world)}?watch=1&${OURS}&resourceVersion=${await listVersion(world)}`);
      await world.ask('POST', configMaps(world), aLabelled('b'));
      await world.ask('PATCH', `${configMaps(world)}/a`, { data: { x: '1' } }, MERGE);
      await world.ask('DELETE', `${configMaps(world)}/b`);
      await watching.come(3);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED b', 'MODIFIED a', 'DELETED b'],
  },
  {
    name: 'a watch resumes after the resourceVersion of any object without a gap',
    observe: async (world) => {
      const { body } = await world.ask('POST', configMaps(world), aLabelled('a'));
      await world.ask('POST', configMaps(world), aLabelled('b'));
      await world.ask('DELETE', `${configMaps(world)}/a`);
      const watching = await world.watch(`${configMaps(world)}?watch=1&${OURS}&resourceVersion=${body.metadata.resourceVersion}`);
      await world.ask('POST', configMaps(world), aLabelled('c'));
      await watching.come(3);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED b', 'DELETED a', 'ADDED c'],
  },
  {
    name: 'a watch without a resourceVersion starts with the existing objects',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aLabelled('a'));
      const watching = await world.watch(`${configMaps(world)}?watch=1&${OURS}`);
      await watching.come(1);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED a'],
  },
  {
    name: 'the object of a DELETED event carries the resourceVersion of its deletion',
    observe: async (world) => {
      const { body } = await world.ask('POST', configMaps(world), aLabelled('a'));
      const watching = await world.watch(`${configMaps(world)}?watch=1&${OURS}&resourceVersion=${body.metadata.resourceVersion}`);
      await world.ask('DELETE', `${configMaps(world)}/a`);
      await watching.come(1);
      watching.close();
      return Number(watching.events[0]?.object.metadata.resourceVersion) > Number(body.metadata.resourceVersion);
    },
    expected: true,
  },
  {
    name: 'an object that leaves the selection is DELETED, one that enters it ADDED',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aConfigMap('a', {}, { labels: { side: 'left' } }));
      const watching = await world.watch(
        `${configMaps(world)}?watch=1&labelSelector=side%3Dright&resourceVersion=${await listVersion(world)}`,
      );
      const move = (side: string): Promise<unknown> =>
        world.ask('PATCH', `${configMaps(world)}/a`, { metadata: { labels: { side } } }, MERGE);
      await move('right');
      await move('left');
      await watching.come(2);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED a', 'DELETED a'],
  },
  {
    name: 'one object can be watched by its name',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('a'));
      const watching = await world.watch(`${widgets(world)}?watch=1&fieldSelector=metadata.name%3Da`);
      await world.ask('POST', widgets(world), aWidget('b'));
      await world.ask('PATCH', `${widgets(world)}/a`, { spec: { size: 4 } }, MERGE);
      await watching.come(2);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED a', 'MODIFIED a'],
  },
  {
    name: 'a forgotten resourceVersion is Expired, in an ERROR event of a successful watch',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('a'));
      world.forget();
      const watching = await world.watch(`${widgets(world)}?watch=1&resourceVersion=1`);
      await watching.come(1);
      await watching.ended();
      return watching.events.map(({ type, object }) => [type, object.kind, object.code, object.reason]);
    },
    expected: [['ERROR', 'Status', 410, 'Expired']],
  },
  {
    name: 'a watch ends after its timeoutSeconds',
    observe: async (world) => {
      const started = performance.now();
      const watching = await world.watch(`${configMaps(world)}?watch=1&timeoutSeconds=1`);
      await watching.ended();
      return performance.now() - started < 10_000;
    },
    expected: true,
  },
  {
    name: 'a quiet watch that allows bookmarks gets one before it ends',
    observe: async (world) => {
      const from = await listVersion(world);
      await world.ask('POST', widgets(world), aWidget('elsewhere'));
      const path = `${configMaps(world)}?watch=1&${OURS}&timeoutSeconds=4&resourceVersion=${from}`;
      const [allowing, quiet] = await Promise.all([world.watch(`${path}&allowWatchBookmarks=true`), world.watch(path)]);
      await Promise.all([allowing.ended(), quiet.ended()]);
      return [[...new Set(allowing.events.map(({ type, object }) => `${type} ${String(object.kind)}`))], quiet.events.length];
    },
    expected: [['BOOKMARK ConfigMap'], 0],
  },
  {
    name: 'initial events are streamed, with a bookmark at their end',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aLabelled('a'));
      const query = `watch=1&${OURS}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`;
      const watching = await world.watch(`${configMaps(world)}?${query}`);
      await watching.come(2);
      watching.close();
      return [watching.events.map(({ type }) => type), watching.events[1]?.object.metadata.annotations];
    },
    expected: [['ADDED', 'BOOKMARK'], { 'k8s.io/initial-events-end': 'true' }],
  },
  {
    name: 'a watch of any resourceVersion starts with the existing objects',
    observe: async (world) => {
      await world.ask('POST', configMaps(world), aLabelled('a'));
      await world.until(async () =>
        (await world.ask('GET', `${configMaps(world)}?${OURS}&resourceVersion=0`)).body.items.length === 1 ? true : undefined,
      );
      const watching = await world.watch(`${configMaps(world)}?watch=1&${OURS}&resourceVersion=0`);
      await watching.come(1);
      watching.close();
      return seen(watching);
    },
    expected: ['ADDED a'],
  },
];
