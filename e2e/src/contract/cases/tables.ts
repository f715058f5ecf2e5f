import type { ContractCase } from '../contract-case.ts';
import { aWidget, makePod, MERGE, pods, widgets } from '../objects.ts';
import type { Json } from '../world.ts';

const AS_TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const columns = (body: Json): string[] => body.columnDefinitions.map(({ name }: Json) => name as string);
const cells = (body: Json): unknown[] => body.rows.map((row: Json) => row.cells as unknown);

export const TABLES: readonly ContractCase[] = [
  {
    name: 'a table of custom resources has the columns of their definition',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      await world.ask('PATCH', `${widgets(world)}/w/status`, { status: { phase: 'Up', count: 2 } }, MERGE);
      const { body } = await world.ask('GET', widgets(world), undefined, AS_TABLE);
      const [[name, state, size, count]] = cells(body) as [unknown[]];
      return [body.kind, body.apiVersion, columns(body), [name, state, size, count], body.rows[0].object.kind];
    },
    expected: ['Table', 'meta.k8s.io/v1', ['Name', 'State', 'Size', 'Count', 'Age'], ['w', 'Idle', 3, 2], 'PartialObjectMetadata'],
  },
  {
    name: 'the cell of an unset field is null',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      const { body } = await world.ask('GET', `${widgets(world)}/w`, undefined, AS_TABLE);
      return (cells(body) as unknown[][])[0]?.[3];
    },
    expected: null,
  },
  {
    name: 'a table of pods has the columns of kubectl',
    observe: async (world) => {
      await makePod(world, 'p', {}, true);
      const { body } = await world.ask('GET', pods(world), undefined, AS_TABLE);
      return [columns(body), (cells(body) as unknown[][])[0]?.slice(0, 4)];
    },
    expected: [
      ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates'],
      ['p', '0/1', 'Running', '0'],
    ],
  },
];
