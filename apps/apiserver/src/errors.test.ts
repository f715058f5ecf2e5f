import { describe, expect, test } from '@jest/globals';
import { KubeApiError } from '@brupop/kube-runtime';
import { BrupopError } from '@brupop/process';
import { RequestError, toRequestError } from './errors.ts';

describe(toRequestError, () => {
  test.each([
    { name: 'what a handler meant', error: new RequestError('NODE_NOT_FOUND', 'x'), status: 404, code: 'NODE_NOT_FOUND' },
    { name: 'a Kubernetes API that fails', error: new KubeApiError(500, '', 'x'), status: 503, code: 'KUBERNETES_UNAVAILABLE' },
    { name: 'a Kubernetes API that is busy', error: new KubeApiError(429, '', 'x'), status: 503, code: 'KUBERNETES_UNAVAILABLE' },
    { name: 'a conflict', error: new KubeApiError(409, 'Conflict', 'x'), status: 503, code: 'NODE_CONFLICT' },
    { name: 'a missing permission of ours', error: new KubeApiError(403, 'Forbidden', 'x'), status: 500, code: 'KUBERNETES_REFUSED' },
    {
      name: 'a lost connection',
      error: new BrupopError('HTTP_RESET', 'x', { retry: 'transient' }),
      status: 503,
      code: 'KUBERNETES_UNAVAILABLE',
    },
    {
      name: 'conflicts without end',
      error: new BrupopError('NODE_CONFLICT', 'x', { retry: 'transient' }),
      status: 503,
      code: 'NODE_CONFLICT',
    },
    { name: 'a body that is too large', error: { type: 'entity.too.large', status: 413 }, status: 413, code: 'BODY_TOO_LARGE' },
    { name: 'a body that is not JSON', error: { type: 'entity.parse.failed', status: 400 }, status: 400, code: 'BODY_MALFORMED' },
    { name: 'an unknown encoding', error: { type: 'encoding.unsupported', status: 415 }, status: 415, code: 'BODY_ENCODING' },
    { name: 'another fault of the client', error: { status: 400 }, status: 400, code: 'REQUEST_MALFORMED' },
    { name: 'a fault of ours', error: new TypeError('x'), status: 500, code: 'INTERNAL' },
    { name: 'something thrown that is nothing', error: undefined, status: 500, code: 'INTERNAL' },
  ])('maps $name to $status $code', ({ error, status, code }) => {
    expect(toRequestError(error)).toMatchObject({ status, errorCode: code });
  });
});
