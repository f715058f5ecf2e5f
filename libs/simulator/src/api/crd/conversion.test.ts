import { describe, expect, test } from '@jest/globals';
import { inProcessClient, jsonResponse, textResponse } from '@brupop/ports';
import type { HttpHandler, HttpRequest } from '@brupop/ports';
import { aWidget, aWidgetDefinition, anApi } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';
import type { WebhookService } from './crd-definition.ts';
import { valueAt } from '../types.ts';
import type { Json } from '../types.ts';

const V1 = '/apis/example.com/v1/namespaces/default/widgets';
const V2 = '/apis/example.com/v2/namespaces/default/widgets';

const WEBHOOK = {
  strategy: 'Webhook',
  webhook: {
    conversionReviewVersions: ['v1'],
    clientConfig: {
      service: { namespace: 'ns', name: 'hook', path: '/crdconvert', port: 8443 },
      caBundle: Buffer.from('PEM').toString('base64'),
    },
  },
};

interface Review {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Json[] };
}

const reviewOf = (request: HttpRequest): Review => JSON.parse(request.body ?? '') as Review;

/** In v1 `size` is in tens. */
const convert: HttpHandler = (request) => {
  const { uid, desiredAPIVersion, objects } = reviewOf(request).request;
  const factor = desiredAPIVersion.endsWith('v1') ? 3 : 1 / 3;
  const convertedObjects = objects.map((object) => ({
    ...object,
    apiVersion: desiredAPIVersion,
    spec: { ...(object['spec'] as Json), size: Number(valueAt(object, 'spec.size')) * factor },
  }));
  return Promise.resolve(jsonResponse(200, { response: { uid, result: { status: 'Success' }, convertedObjects } }));
};

function withWebhook(handler: HttpHandler): Fixture & { services: WebhookService[]; requests: HttpRequest[] } {
  const services: WebhookService[] = [];
  const requests: HttpRequest[] = [];
  const fixture = anApi({
    conversion: (service) => {
      services.push(service);
      return inProcessClient((request, signal) => {
        requests.push(request);
        return handler(request, signal);
      });
    },
  });
  fixture.create(aWidgetDefinition(WEBHOOK));
  return { ...fixture, services, requests };
}

describe('conversion', () => {
  test('without a webhook changes only apiVersion', async () => {
    const { call, create } = anApi();
    create(aWidgetDefinition());
    create(aWidget('w'));
    expect((await call('GET', `${V1}/w`)).body).toMatchObject({ apiVersion: 'example.com/v1', spec: { state: 'Idle' } });
  });

  test('by webhook serves each version as requested, and stores one', async () => {
    const { api, call, requests, services } = withWebhook(convert);
    expect((await call('POST', V1, aWidget('w', { state: 'Idle', size: 6 }, 'v1'))).body).toMatchObject({
      apiVersion: 'example.com/v1',
      spec: { size: 6 },
    });
    expect((await call('GET', `${V2}/w`)).body).toMatchObject({ apiVersion: 'example.com/v2', spec: { size: 2 } });
    expect(api.store.get({ group: 'example.com', resource: 'widgets', namespace: 'default', name: 'w' })).toMatchObject({
      apiVersion: 'example.com/v2',
    });
    expect(services[0]).toEqual({ namespace: 'ns', name: 'hook', path: '/crdconvert', port: 8443, caPem: 'PEM' });
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/crdconvert?timeout=30s' });
  });

  test('of a list makes one call, of a watch one per event', async () => {
    const { call, clock, create, requests, watch } = withWebhook(convert);
    for (const name of ['a', 'b', 'c']) create(aWidget(name, { state: 'Idle', size: 1 }));
    expect((await call('GET', V1)).body['items']).toMatchObject([{ spec: { size: 3 } }, { spec: { size: 3 } }, { spec: { size: 3 } }]);
    expect(requests.map((request) => reviewOf(request).request.objects.length)).toEqual([3]);
    const probe = await watch(`${V1}?watch=true`);
    create(aWidget('d', { state: 'Idle', size: 2 }));
    await clock.settle();
    expect(probe.events.at(-1)).toMatchObject({ type: 'ADDED', object: { apiVersion: 'example.com/v1', spec: { size: 6 } } });
  });

  test('applies a patch to the version of its path', async () => {
    const { call, create } = withWebhook(convert);
    create(aWidget('w', { state: 'Idle', size: 2 }));
    const patch = [
      { op: 'test', path: '/spec/size', value: 6 },
      { op: 'replace', path: '/spec/size', value: 9 },
    ];
    expect((await call('PATCH', `${V1}/w`, patch, { contentType: 'application/json-patch+json' })).status).toBe(200);
    expect((await call('GET', `${V2}/w`)).body).toMatchObject({ spec: { size: 3 } });
  });

  test.each([
    { name: 'answers with an error', handler: () => Promise.resolve(textResponse(503, 'no')), why: /status code 503: no/ },
    {
      name: 'cannot be reached',
      handler: () => Promise.reject(new Error('connect ECONNREFUSED')),
      why: /Post "https:\/\/hook\.ns\.svc:8443\/crdconvert\?timeout=30s": connect ECONNREFUSED/,
    },
    {
      name: 'says that it failed',
      handler: (request: HttpRequest) =>
        Promise.resolve(
          jsonResponse(200, { response: { uid: reviewOf(request).request.uid, result: { status: 'Failed', message: 'cannot' } } }),
        ),
      why: /failed: cannot/,
    },
    {
      name: 'answers with the uid of another review',
      handler: () => Promise.resolve(jsonResponse(200, { response: { uid: 'x', result: { status: 'Success' }, convertedObjects: [] } })),
      why: /expected response\.uid/,
    },
    {
      name: 'loses objects',
      handler: (request: HttpRequest) =>
        Promise.resolve(
          jsonResponse(200, { response: { uid: reviewOf(request).request.uid, result: { status: 'Success' }, convertedObjects: [] } }),
        ),
      why: /returned 0 objects, expected 1/,
    },
    {
      name: 'renames objects',
      handler: (request: HttpRequest) =>
        Promise.resolve(
          jsonResponse(200, {
            response: {
              uid: reviewOf(request).request.uid,
              result: { status: 'Success' },
              convertedObjects: [{ apiVersion: 'example.com/v1', metadata: { name: 'other' } }],
            },
          }),
        ),
      why: /metadata\.name must not be changed/,
    },
  ])('fails with 500 when the webhook $name', async ({ handler, why }) => {
    const { call, create } = withWebhook(handler);
    create(aWidget('w'));
    const { status, body } = await call('GET', `${V1}/w`);
    expect(status).toBe(500);
    expect(body['reason']).toBe('InternalError');
    expect(body['message']).toMatch(/^Internal error occurred: conversion webhook for example\.com\/v2, Kind=Widget failed: /);
    expect(body['message']).toMatch(why);
  });

  test('times out after 30 seconds', async () => {
    const { call, clock, create } = withWebhook(() => new Promise(() => undefined));
    create(aWidget('w'));
    const answer = call('GET', `${V1}/w`);
    await clock.advance(30_000);
    expect((await answer).body['message']).toContain('context deadline exceeded');
  });

  test('is repeated when the object changes during the call', async () => {
    let interfere = (): void => undefined;
    const fixture = withWebhook((request, signal) => {
      interfere();
      interfere = () => undefined;
      return convert(request, signal);
    });
    fixture.create(aWidget('w', { state: 'Idle', size: 1 }));
    const ref = { group: 'example.com', resource: 'widgets', namespace: 'default', name: 'w' };
    interfere = () => {
      fixture.api.store.patch(ref, { spec: { state: 'Busy' } });
    };
    expect((await fixture.call('PATCH', `${V1}/w`, { spec: { size: 9 } }, { contentType: 'application/merge-patch+json' })).status).toBe(
      200,
    );
    expect(fixture.api.store.get(ref)?.['spec']).toEqual({ state: 'Busy', size: 3 });
  });
});
