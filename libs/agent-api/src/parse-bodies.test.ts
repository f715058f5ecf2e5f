import { describe, expect, test } from '@jest/globals';
import { parseCreateShadowRequest, parseErrorBody, parseNodeHealth, parseStepProgress } from './parse-bodies.ts';

const POD = { namespace: 'default', name: 'web-0', reason: 'blocked', message: 'PodDisruptionBudget web allows 0 disruptions' };

describe(parseCreateShadowRequest, () => {
  test('accepts a selector of name and UID', () => {
    const body = { node_selector: { node_name: 'a', node_uid: 'u' } };
    expect(parseCreateShadowRequest(body)).toEqual({ ok: true, value: body });
  });

  test.each([
    { body: undefined, errors: ['body: expected object, got nothing'] },
    { body: {}, errors: ['node_selector: expected a value, got nothing'] },
    { body: { node_selector: { node_name: 7, node_uid: 'u' } }, errors: ['node_selector.node_name: expected string, got 7'] },
  ])('$body: $errors', ({ body, errors }) => {
    expect(parseCreateShadowRequest(body)).toEqual({ ok: false, errors });
  });
});

describe(parseStepProgress, () => {
  test.each([
    { name: 'only required fields', body: { done: true, message: 'Drained' } },
    {
      name: 'all fields',
      body: {
        done: false,
        message: 'Waiting for 1 pod',
        since: '2026-01-01T00:00:00Z',
        evicted: 2,
        waiting: [POD],
        waiting_total: 1,
        retry_after_ms: 1000,
        returned: false,
      },
    },
    { name: 'fields of a newer apiserver', body: { done: true, message: '', more: {} } },
  ])('accepts $name', ({ body }) => {
    expect(parseStepProgress(body)).toEqual({ ok: true, value: body });
  });

  test.each([
    { body: { done: 'yes', message: '' }, error: 'done: expected boolean, got "yes"' },
    { body: { done: true }, error: 'message: expected a value, got nothing' },
    { body: { done: true, message: '', evicted: -1 }, error: 'evicted: expected a number >= 0, got -1' },
    { body: { done: true, message: '', since: 'now' }, error: 'since: expected an RFC 3339 time, got "now"' },
    {
      body: { done: true, message: '', waiting: [{ ...POD, reason: 'lazy' }] },
      error: 'waiting[0].reason: expected "blocked" or "terminating" or "retrying", got "lazy"',
    },
  ])('$error', ({ body, error }) => {
    expect(parseStepProgress(body)).toEqual({ ok: false, errors: [error] });
  });

  test('rejects a list of pods that is too long', () => {
    const body = { done: false, message: '', waiting: Array.from({ length: 1001 }, () => POD) };
    expect(parseStepProgress(body)).toEqual({ ok: false, errors: ['waiting: expected at most 1000 items, got a list'] });
  });
});

describe(parseNodeHealth, () => {
  test('accepts health and problems', () => {
    const body = { healthy: false, problems: ['Node is not Ready'] };
    expect(parseNodeHealth(body)).toEqual({ ok: true, value: body });
  });

  test('rejects problems that are not strings', () => {
    expect(parseNodeHealth({ healthy: true, problems: [1] })).toEqual({ ok: false, errors: ['problems[0]: expected string, got 1'] });
  });
});

describe(parseErrorBody, () => {
  test('accepts code and message', () => {
    const body = { error: { code: 'TOKEN_EXPIRED', message: 'The token has expired' } };
    expect(parseErrorBody(body)).toEqual({ ok: true, value: body });
  });

  test('rejects the plain text of an older apiserver', () => {
    expect(parseErrorBody('Error running request')).toEqual({ ok: false, errors: ['body: expected object, got "Error running request"'] });
  });
});
