import { describe, expect, test } from '@jest/globals';
import { conditionOf, isReady, readyCondition } from './conditions.ts';
import { EXCLUDE_FROM_LB_LABEL, isCordoned, isExcludedFromLoadBalancers } from './nodes.ts';
import { isOlderVersion, resourceVersionOf } from './resource-version.ts';
import { formatMicroTime, formatTimestamp, timestampMs } from './timestamps.ts';

describe('conditions', () => {
  const ready = { type: 'Ready', status: 'True' };
  const pressure = { type: 'MemoryPressure', status: 'False' };
  const object = { status: { conditions: [pressure, ready] } };

  test('are found by type', () => {
    expect(conditionOf(object, 'MemoryPressure')).toBe(pressure);
    expect(conditionOf(object, 'DiskPressure')).toBeUndefined();
    expect(readyCondition(object)).toBe(ready);
  });

  test.each([
    { name: 'Ready is True', object, expected: true },
    { name: 'Ready is Unknown', object: { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }, expected: false },
    { name: 'there are no conditions', object: { status: {} }, expected: false },
    { name: 'the status is null', object: { status: null }, expected: false },
    { name: 'there is no status', object: {}, expected: false },
    { name: 'there is no object', object: undefined, expected: false },
  ])('an object is Ready: $expected when $name', ({ object: given, expected }) => {
    expect(isReady(given)).toBe(expected);
  });
});

describe('resourceVersions', () => {
  test.each([
    { a: '9', b: '10', expected: true },
    { a: '10', b: '9', expected: false },
    { a: '10', b: '10', expected: false },
    { a: '9007199254740993', b: '9007199254740994', expected: true },
    { a: '18446744073709551614', b: '18446744073709551615', expected: true },
    { a: undefined, b: '10', expected: false },
    { a: '9', b: undefined, expected: false },
    { a: 'x', b: '10', expected: false },
    { a: '', b: '10', expected: false },
    { a: '1'.repeat(21), b: '2'.repeat(21), expected: false },
  ])('$a is older than $b: $expected', ({ a, b, expected }) => {
    expect(isOlderVersion(a, b)).toBe(expected);
  });

  test('are integers', () => {
    expect(resourceVersionOf('42')).toBe(42n);
    expect(resourceVersionOf('-1')).toBeUndefined();
  });
});

describe('timestamps', () => {
  test.each([
    { text: '1970-01-01T00:00:01Z', expected: 1_000 },
    { text: '1970-01-01T01:00:00.5+01:00', expected: 500 },
    { text: '1970-01-01T00:00:00.000001Z', expected: 0 },
    { text: '1970-13-01T00:00:00Z', expected: undefined },
    { text: '1970-01-01', expected: undefined },
    { text: 'Thu, 01 Jan 1970 00:00:00 GMT', expected: undefined },
    { text: '', expected: undefined },
    { text: null, expected: undefined },
    { text: undefined, expected: undefined },
  ])('$text is $expected ms', ({ text, expected }) => {
    expect(timestampMs(text)).toBe(expected);
  });

  test('are written in UTC', () => {
    expect(formatTimestamp(1_500)).toBe('1970-01-01T00:00:01.500Z');
    expect(formatMicroTime(1_500)).toBe('1970-01-01T00:00:01.500000Z');
  });
});

describe('a Node', () => {
  test.each([
    { name: 'unschedulable', node: { spec: { unschedulable: true } }, expected: true },
    { name: 'schedulable', node: { spec: { unschedulable: false } }, expected: false },
    { name: 'without a spec', node: {}, expected: false },
  ])('$name is cordoned: $expected', ({ node, expected }) => {
    expect(isCordoned(node)).toBe(expected);
  });

  test('is excluded from load balancers by the label, whatever its value', () => {
    expect(isExcludedFromLoadBalancers({ metadata: { labels: { [EXCLUDE_FROM_LB_LABEL]: 'false' } } })).toBe(true);
    expect(isExcludedFromLoadBalancers({ metadata: {} })).toBe(false);
  });
});
