import { describe, expect, test } from '@jest/globals';
import { parseWith } from './parse.ts';
import type { Validate, ValidationError } from './parse.ts';
import { parseConversionReview, parseShadow, parseShadowStatus } from './validate.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0-rc.1+build', current_state: 'Idle', crash_count: 0 };
const SHADOW = {
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a', labels: { a: 'b' } },
  spec: { state: 'Idle', version: null, state_transition_timestamp: null },
  status: STATUS,
};
const CONDITION = { type: 'Stuck', status: 'True', reason: 'Late', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' };
const CHECK = { result: 'NothingNewer', checked_at: '2026-01-01T00:00:00Z' };
const FAILED = { version: '1.1.0', failures: 1, last_failure_timestamp: '2026-01-01T00:00:00Z' };
const PROGRESS = { step: 'Draining', since: '2026-01-01T00:00:00.123+02:00', boot_id: 'b', version: '1.1.0' };

describe(parseShadow, () => {
  test.each([
    { name: 'a whole one', shadow: SHADOW },
    { name: 'one without status', shadow: { ...SHADOW, status: undefined } },
    { name: 'one whose status is null', shadow: { ...SHADOW, status: null } },
    {
      name: 'one that was stored before there were limits',
      shadow: { ...SHADOW, status: { ...STATUS, target_version: `1.0.0-${'a'.repeat(500)}`, failure_message: 'm'.repeat(5_000) } },
    },
    { name: 'one with fields that we do not know', shadow: { ...SHADOW, other: 1, spec: { state: 'ErrorReset', other: 1 } } },
  ])('$name is taken as it is', ({ shadow }) => {
    expect(parseShadow(shadow)).toEqual({ ok: true, value: shadow });
  });

  test.each([
    { name: 'no object', shadow: 'x', errors: ['shadow: expected object, got "x"'] },
    {
      name: 'a version of v1',
      shadow: { ...SHADOW, apiVersion: 'v1' },
      errors: ['apiVersion: expected "brupop.bottlerocket.aws/v2", got "v1"'],
    },
    { name: 'no name', shadow: { ...SHADOW, metadata: {} }, errors: ['metadata.name: expected a value, got nothing'] },
    {
      name: 'a label that is a list',
      shadow: { ...SHADOW, metadata: { name: 'a', labels: { 'x.y/z~': [] } } },
      errors: ['metadata.labels["x.y/z~"]: expected string, got a list'],
    },
    {
      name: 'several faults',
      shadow: { ...SHADOW, spec: {}, status: { ...STATUS, crash_count: 'two' } },
      errors: ['spec.state: expected a value, got nothing', 'status.crash_count: expected integer, got "two"'],
    },
  ])('$name: $errors', ({ shadow, errors }) => {
    expect(parseShadow(shadow)).toEqual({ ok: false, errors });
  });
});

describe(parseShadowStatus, () => {
  test.each([
    { name: 'the fields of Brupop 1.x', status: STATUS },
    { name: 'a failure time of null', status: { ...STATUS, state_transition_failure_timestamp: null } },
    {
      name: 'all additions',
      status: {
        ...STATUS,
        crash_count: 4294967295,
        conditions: [{ ...CONDITION, observedGeneration: 2 }],
        progress: { ...PROGRESS, message: 'm' },
        failed_versions: [{ version: '1.1.0', failures: 1, last_failure_timestamp: '2026-01-01T00:00:00Z' }],
        boot_id: 'b',
        failure_message: 'm',
        update_check: { ...CHECK, since: CHECK.checked_at, reason: null, message: null, newest_listed: '1.2.0' },
      },
    },
    {
      name: 'additions that are null',
      status: { ...STATUS, progress: null, failure_message: null, unhealthy_before: null, update_check: null },
    },
    { name: 'a result that a newer agent knows', status: { ...STATUS, update_check: { result: 'Foo' } } },
  ])('$name are taken', ({ status }) => {
    expect(parseShadowStatus(status)).toEqual({ ok: true, value: status });
  });

  const states = '"Idle" or "StagedAndPerformedUpdate" or "RebootedIntoUpdate" or "MonitoringUpdate" or "ErrorReset"';
  test.each([
    { part: null, error: 'status: expected object, got null' },
    { part: { crash_count: 'two' }, error: 'status.crash_count: expected integer, got "two"' },
    { part: { crash_count: 1.5 }, error: 'status.crash_count: expected integer, got 1.5' },
    { part: { crash_count: -1 }, error: 'status.crash_count: expected a number >= 0, got -1' },
    { part: { crash_count: 4294967296 }, error: 'status.crash_count: expected a number <= 4294967295, got 4294967296' },
    { part: { crash_count: undefined }, error: 'status.crash_count: expected a value, got nothing' },
    { part: { current_version: 'v1.0' }, error: 'status.current_version: expected a semantic version, got "v1.0"' },
    { part: { current_state: 'Flying' }, error: `status.current_state: expected ${states}, got "Flying"` },
    { part: { boot_id: {} }, error: 'status.boot_id: expected string, got an object' },
    { part: { boot_id: null }, error: 'status.boot_id: expected string, got null' },
    { part: { current_version: '9'.repeat(99) }, error: `status.current_version: expected a semantic version, got "${'9'.repeat(59)}…` },
    {
      part: { target_version: `1.0.0-${'a'.repeat(240_000)}` },
      error: `status.target_version: expected at most 128 characters, got "1.0.0-${'a'.repeat(53)}…`,
    },
    { part: { boot_id: 'b'.repeat(65) }, error: `status.boot_id: expected at most 64 characters, got "${'b'.repeat(59)}…` },
    {
      part: { state_transition_failure_timestamp: '0'.repeat(65) },
      error: `status.state_transition_failure_timestamp: expected at most 64 characters, got "${'0'.repeat(59)}…`,
    },
    {
      part: { failed_versions: Array.from({ length: 17 }, () => FAILED) },
      error: 'status.failed_versions: expected at most 16 items, got a list',
    },
    {
      part: { conditions: Array.from({ length: 17 }, () => CONDITION) },
      error: 'status.conditions: expected at most 16 items, got a list',
    },
    { part: { progress: { ...PROGRESS, since: 'today' } }, error: 'status.progress.since: expected an RFC 3339 time, got "today"' },
    { part: { update_check: { checked_at: null } }, error: 'status.update_check.result: expected a value, got nothing' },
    {
      part: { update_check: { ...CHECK, checked_at: 'now' } },
      error: 'status.update_check.checked_at: expected an RFC 3339 time, got "now"',
    },
    { part: { conditions: [CONDITION, { ...CONDITION, reason: 1 }] }, error: 'status.conditions[1].reason: expected string, got 1' },
    { part: { conditions: [7] }, error: 'status.conditions[0]: expected object, got 7' },
  ])('$part: $error', ({ part, error }) => {
    expect(parseShadowStatus(part === null ? null : { ...STATUS, ...part })).toEqual({ ok: false, errors: [error] });
  });
});

describe(parseConversionReview, () => {
  test('a review is accepted with any objects', () => {
    const review = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      request: { uid: 'u', desiredAPIVersion: 'x', objects: [{}] },
    };
    expect(parseConversionReview(review)).toEqual({ ok: true, value: review });
  });

  test('another kind is rejected', () => {
    const review = { apiVersion: 'v1', kind: 'Pod', request: { uid: 'u', desiredAPIVersion: 'x', objects: [] } };
    expect(parseConversionReview(review)).toEqual({ ok: false, errors: ['kind: expected "ConversionReview", got "Pod"'] });
  });
});

describe(parseWith, () => {
  const failing = (errors: readonly ValidationError[] | null): Validate => Object.assign(() => false, { errors });

  test.each([
    { name: 'a list that is too long', keyword: 'maxItems', params: { limit: 3 }, expected: 'at most 3 items' },
    { name: 'a pattern without a name', keyword: 'pattern', params: { pattern: '^a$' }, expected: 'text that matches ^a$' },
    { name: 'a check that has no description', keyword: 'oneOf', params: {}, expected: 'something else' },
  ])('$name: expected $expected', ({ keyword, params, expected }) => {
    const validate = failing([{ instancePath: '', keyword, params }]);
    expect(parseWith(validate, 'b', 'value')).toEqual({ ok: false, errors: [`value: expected ${expected}, got "b"`] });
  });

  test('of many errors the first ten are listed', () => {
    const validate = failing(Array.from({ length: 99 }, () => ({ instancePath: '', keyword: 'type', params: { type: 'object' } })));
    expect(parseWith(validate, 'b', 'value')).toHaveProperty('errors.length', 10);
  });

  test('a validator without errors does not throw', () => {
    expect(parseWith(failing(null), 'b', 'value')).toEqual({ ok: false, errors: [] });
  });
});
