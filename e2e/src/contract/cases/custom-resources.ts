import type { ContractCase } from '../contract-case.ts';
import { aWidget, kindOf, MERGE, refusal, widgets } from '../objects.ts';

const invalid = (cause: string) => ({
  status: 422,
  reason: 'Invalid',
  message: `Widget.contract.example.com "w" is invalid: ${cause}`,
});

export const CUSTOM_RESOURCES: readonly ContractCase[] = [
  {
    name: 'defaults are filled in, unknown fields are pruned with a warning',
    observe: async (world) => {
      const { status, body, headers } = await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle', other: 1 }));
      return [status, body.spec, headers['warning']];
    },
    expected: [201, { state: 'Idle', size: 3 }, '299 - "unknown field \\"spec.other\\""'],
  },
  {
    name: 'unknown fields are rejected under strict validation',
    observe: async (world) => {
      const answer = await world.ask('POST', `${widgets(world)}?fieldValidation=Strict`, aWidget('w', { state: 'Idle', other: 1 }));
      return refusal(answer);
    },
    expected: {
      status: 400,
      reason: 'BadRequest',
      message: 'Widget in version "v2" cannot be handled as a Widget: strict decoding error: unknown field "spec.other"',
    },
  },
  {
    name: 'violations of enum, maximum, pattern, type and required are each reported with the field',
    observe: async (world) => {
      const specs = [{ state: 'Gone' }, { state: 'Idle', size: 10 }, { state: 'Idle', version: 'x' }, { state: 1 }, {}];
      return Promise.all(specs.map(async (spec) => refusal(await world.ask('POST', widgets(world), aWidget('w', spec)))));
    },
    expected: [
      invalid('spec.state: Unsupported value: "Gone": supported values: "Idle", "Busy"'),
      invalid('spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9'),
      invalid(String.raw`spec.version: Invalid value: "x": spec.version in body should match '^\d+\.\d+$'`),
      invalid(
        '[spec.state: Invalid value: "integer": spec.state in body must be of type string: "integer", ' +
          'spec.state: Unsupported value: 1: supported values: "Idle", "Busy"]',
      ),
      invalid('spec.state: Required value'),
    ],
  },
  {
    name: 'null is kept where it is allowed, and replaced by a default elsewhere',
    observe: async (world) => {
      const { body } = await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle', version: null, size: null }));
      return body.spec;
    },
    expected: { state: 'Idle', version: null, size: 3 },
  },
  {
    name: 'two items with the same key in a list by key are rejected',
    observe: async (world) =>
      kindOf(await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle', parts: [{ type: 'a' }, { type: 'a' }] }))),
    expected: { status: 422, reason: 'Invalid' },
  },
  {
    name: 'a write of the object does not change status, and a write of status changes nothing else',
    observe: async (world) => {
      const made = await world.ask('POST', widgets(world), { ...aWidget('w'), status: { phase: 'Made' } });
      const status = await world.ask(
        'PATCH',
        `${widgets(world)}/w/status`,
        { spec: { size: 9 }, status: { phase: 'Up', count: 1 } },
        MERGE,
      );
      const main = await world.ask('PATCH', `${widgets(world)}/w`, { spec: { size: 5 }, status: { phase: 'No' } }, MERGE);
      return [made.body.status, status.body.spec.size, main.body.spec.size, main.body.status];
    },
    expected: [undefined, 3, 5, { phase: 'Up', count: 1 }],
  },
  {
    name: 'the status subresource changes no labels or annotations of a custom resource',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      const patch = { metadata: { labels: { a: 'b' } }, status: { phase: 'Up' } };
      return (await world.ask('PATCH', `${widgets(world)}/w/status`, patch, MERGE)).body.metadata.labels;
    },
    expected: undefined,
  },
  {
    name: 'an object is served in every version, whichever it was written in',
    observe: async (world) => {
      await world.ask('POST', widgets(world, 'v1'), aWidget('w', { state: 'Busy' }, {}, 'v1'));
      const { body } = await world.ask('GET', `${widgets(world)}/w`);
      return [body.apiVersion, body.spec.state];
    },
    expected: ['contract.example.com/v2', 'Busy'],
  },
  {
    name: 'an object of another version than that of the path is rejected',
    observe: async (world) => kindOf(await world.ask('POST', widgets(world), aWidget('w', { state: 'Idle' }, {}, 'v1'))),
    expected: { status: 400, reason: 'BadRequest' },
  },
  {
    name: 'a list and its items have kind and apiVersion',
    observe: async (world) => {
      await world.ask('POST', widgets(world), aWidget('w'));
      const { body } = await world.ask('GET', widgets(world));
      return [
        body.kind,
        body.apiVersion,
        body.items.map(({ kind, apiVersion }: { kind: string; apiVersion: string }) => [kind, apiVersion]),
      ];
    },
    expected: ['WidgetList', 'contract.example.com/v2', [['Widget', 'contract.example.com/v2']]],
  },
];
