import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { KubeApiError } from '@brupop/kube-runtime';
import express from 'express';
import { BrupopError, memoryLogger } from '@brupop/ports';
import { errorHandler, RequestError, toRequestError } from './errors.ts';
import { requestSignal } from './request-signal.ts';

describe(toRequestError, () => {
  test.each([
    { name: 'an error that a handler threw', error: new RequestError('NODE_NOT_FOUND', 'x'), status: 404, code: 'NODE_NOT_FOUND' },
    { name: 'a failing Kubernetes API', error: new KubeApiError(500, '', 'x'), status: 503, code: 'KUBERNETES_UNAVAILABLE' },
    { name: 'an overloaded Kubernetes API', error: new KubeApiError(429, '', 'x'), status: 503, code: 'KUBERNETES_UNAVAILABLE' },
    { name: 'a conflict', error: new KubeApiError(409, 'Conflict', 'x'), status: 503, code: 'NODE_CONFLICT' },
    {
      name: 'a missing permission of the apiserver',
      error: new KubeApiError(403, 'Forbidden', 'x'),
      status: 500,
      code: 'KUBERNETES_REFUSED',
    },
    {
      name: 'a lost connection',
      error: new BrupopError('HTTP_RESET', 'x', { retry: 'transient' }),
      status: 503,
      code: 'KUBERNETES_UNAVAILABLE',
    },
    {
      name: 'endless conflicts',
      error: new BrupopError('NODE_CONFLICT', 'x', { retry: 'transient' }),
      status: 503,
      code: 'NODE_CONFLICT',
    },
    { name: 'a body that is too large', error: { type: 'entity.too.large', status: 413 }, status: 413, code: 'BODY_TOO_LARGE' },
    { name: 'a body that is not JSON', error: { type: 'entity.parse.failed', status: 400 }, status: 400, code: 'BODY_MALFORMED' },
    { name: 'an unknown encoding', error: { type: 'encoding.unsupported', status: 415 }, status: 415, code: 'BODY_ENCODING' },
    { name: 'another client error', error: { status: 400 }, status: 400, code: 'REQUEST_MALFORMED' },
    { name: 'a bug', error: new TypeError('x'), status: 500, code: 'INTERNAL' },
    { name: 'undefined thrown as an error', error: undefined, status: 500, code: 'INTERNAL' },
  ])('maps $name to $status $code', ({ error, status, code }) => {
    expect(toRequestError(error)).toMatchObject({ status, errorCode: code });
  });
});

describe(errorHandler, () => {
  test('does not log an error for a client that disconnects during a request', async () => {
    const log = memoryLogger();
    const app = express();
    const began = Promise.withResolvers<undefined>();
    const ended = Promise.withResolvers<undefined>();
    app.get('/', async (_request, response) => {
      const signal = requestSignal(response);
      began.resolve(undefined);
      await once(signal, 'abort');
      setImmediate(ended.resolve, undefined);
      signal.throwIfAborted();
    });
    app.use(errorHandler(log));
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');

    const request = get({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }).on('error', () => undefined);
    await began.promise;
    request.destroy();
    await ended.promise;
    server.close();

    expect(log.entries.map(({ level, message }) => ({ level, message }))).toEqual([
      { level: 'debug', message: 'Ending a request whose client disconnected' },
    ]);
  });
});
