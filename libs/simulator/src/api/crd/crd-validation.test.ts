import { describe, expect, test } from '@jest/globals';
import { WIDGETS, aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';
import { valueAt } from '../types.ts';

function withWidgets(): Fixture {
  const fixture = anApi();
  fixture.create(aWidgetDefinition());
  return fixture;
}

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe('validation of custom resources', () => {
  test.each([
    { spec: {}, reason: 'FieldValueRequired', field: 'spec.state', message: 'Required value' },
    {
      spec: { state: 'Odd' },
      reason: 'FieldValueNotSupported',
      field: 'spec.state',
      message: 'Unsupported value: "Odd": supported values: "Idle", "Busy"',
    },
    {
      spec: { state: 'Idle', size: 'x' },
      reason: 'FieldValueTypeInvalid',
      field: 'spec.size',
      message: 'Invalid value: "string": spec.size in body must be of type integer: "string"',
    },
    {
      spec: { state: 'Idle', size: 0 },
      reason: 'FieldValueInvalid',
      field: 'spec.size',
      message: 'Invalid value: 0: spec.size in body should be greater than or equal to 1',
    },
    {
      spec: { state: 'Idle', size: 10 },
      reason: 'FieldValueInvalid',
      field: 'spec.size',
      message: 'Invalid value: 10: spec.size in body should be less than or equal to 9',
    },
    {
      spec: { state: 'Idle', version: 'x' },
      reason: 'FieldValueInvalid',
      field: 'spec.version',
      message: String.raw`Invalid value: "x": spec.version in body should match '^\d+\.\d+$'`,
    },
    {
      spec: { state: 'Idle', items: [{ name: 1 }] },
      reason: 'FieldValueTypeInvalid',
      field: 'spec.items[0].name',
      message: 'Invalid value: "integer": spec.items[0].name in body must be of type string: "integer"',
    },
  ])('$field of $spec: $message', async ({ spec, ...cause }) => {
    const { call } = withWidgets();
    expect(await call('POST', WIDGETS, aWidget('w', spec))).toMatchObject({
      status: 422,
      body: {
        reason: 'Invalid',
        message: `Widget.example.com "w" is invalid: ${cause.field}: ${cause.message}`,
        details: { name: 'w', group: 'example.com', kind: 'Widget', causes: [cause] },
      },
    });
  });

  test('lists all errors', async () => {
    const { call } = withWidgets();
    const { body } = await call('POST', WIDGETS, aWidget('w', { state: 'Odd', size: 0 }));
    expect(body['message']).toMatch(/^Widget.example.com "w" is invalid: \[spec\..*, spec\..*\]$/);
  });

  test('also applies to patches and to the in-process store', async () => {
    const { api, call, create } = withWidgets();
    create(aWidget('w'));
    const patch = { spec: { state: 'Odd' } };
    expect((await call('PATCH', `${WIDGETS}/w`, patch, { contentType: 'application/merge-patch+json' })).status).toBe(422);
    expect(() => api.store.patch({ group: 'example.com', resource: 'widgets', namespace: 'default', name: 'w' }, patch)).toThrow(
      /Unsupported value/,
    );
  });

  test('accepts null where it is allowed, and drops it elsewhere', async () => {
    const { call } = withWidgets();
    const { body } = await call('POST', WIDGETS, aWidget('w', { state: 'Idle', version: null, limit: null }));
    expect(body['spec']).toEqual({ state: 'Idle', version: null, size: 3 });
  });

  test.each([5, '50%'])('accepts %j for an int-or-string', async (limit) => {
    expect((await withWidgets().call('POST', WIDGETS, aWidget('w', { state: 'Idle', limit }))).status).toBe(201);
  });
});

describe('pruning', () => {
  const spec = { state: 'Idle', unknown: 1, items: [{ name: 'a', extra: true }], free: { any: { thing: 1 } } };

  test('drops unknown fields with a warning, and keeps preserved ones', async () => {
    const { body, headers } = await withWidgets().call('POST', WIDGETS, aWidget('w', spec));
    expect(body['spec']).toEqual({ state: 'Idle', size: 3, items: [{ name: 'a' }], free: { any: { thing: 1 } } });
    expect(headers['warning']).toBe(String.raw`299 - "unknown field \"spec.unknown\"", 299 - "unknown field \"spec.items[0].extra\""`);
  });

  test('rejects them under strict field validation', async () => {
    expect(await withWidgets().call('POST', `${WIDGETS}?fieldValidation=Strict`, aWidget('w', spec))).toMatchObject({
      status: 400,
      body: {
        message:
          'Widget in version "v2" cannot be handled as a Widget: strict decoding error: unknown field "spec.unknown", unknown field "spec.items[0].extra"',
      },
    });
  });

  test('gives no warning if the request ignores unknown fields', async () => {
    expect((await withWidgets().call('POST', `${WIDGETS}?fieldValidation=Ignore`, aWidget('w', spec))).headers['warning']).toBeUndefined();
  });
});

describe('CustomResourceDefinition', () => {
  const without = (version: string): object => {
    const definition = structuredClone(aWidgetDefinition()) as { spec: { versions: { name: string }[] } };
    return { ...definition, spec: { ...definition.spec, versions: definition.spec.versions.filter(({ name }) => name !== version) } };
  };

  test('is established immediately', async () => {
    const { body } = await anApi().call('POST', CRDS, aWidgetDefinition());
    expect(body['status']).toMatchObject({
      storedVersions: ['v2'],
      acceptedNames: { kind: 'Widget', listKind: 'WidgetList' },
      conditions: [
        { type: 'NamesAccepted', status: 'True' },
        { type: 'Established', status: 'True' },
      ],
    });
  });

  test.each([
    { name: 'another name', body: { ...aWidgetDefinition(), metadata: { name: 'things.example.com' } }, field: 'metadata.name' },
    { name: 'no stored version', body: without('v2'), field: 'spec.versions' },
  ])('is rejected with $name', async ({ body, field }) => {
    const answer = await anApi().call('POST', CRDS, body);
    expect(answer.status).toBe(422);
    expect(valueAt(answer.body, 'details.causes')).toMatchObject([{ field }]);
  });

  test('cannot drop a version in which objects may still be stored', async () => {
    const { call } = withWidgets();
    const patch = {
      spec: { versions: [{ ...((without('v2') as { spec: { versions: object[] } }).spec.versions[0] ?? {}), storage: true }] },
    };
    const answer = await call('PATCH', `${CRDS}/widgets.example.com`, patch, { contentType: 'application/merge-patch+json' });
    expect(answer.status).toBe(422);
    expect(valueAt(answer.body, 'details.causes')).toMatchObject([{ field: 'status.storedVersions[0]' }]);
  });

  test('serves its resource only while it exists', async () => {
    const { call, create } = anApi();
    expect((await call('GET', WIDGETS)).status).toBe(404);
    create(aWidgetDefinition());
    expect((await call('GET', WIDGETS)).status).toBe(200);
    await call('DELETE', `${CRDS}/widgets.example.com`);
    expect((await call('GET', WIDGETS)).status).toBe(404);
  });
});
