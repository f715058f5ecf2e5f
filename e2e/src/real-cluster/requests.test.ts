import { describe, expect, test } from '@jest/globals';
import { countRequests, parseRequests, requestTable } from './requests.ts';

const AT = '2026-01-05T12:00:00.000000Z';
const SINCE = Date.parse('2026-01-05T12:00:00Z');
let events = 0;

const event = (user: string, verb: string, resource: string, more: object = {}): string =>
  JSON.stringify({
    auditID: `audit-${(events += 1)}`,
    stage: 'ResponseComplete',
    verb,
    user: { username: user },
    objectRef: { resource },
    requestReceivedTimestamp: AT,
    ...more,
  });

describe(countRequests, () => {
  test('counts by account, verb and resource, most first', () => {
    const text = [
      event('system:serviceaccount:ours:server', 'create', 'pods', { objectRef: { resource: 'pods', subresource: 'eviction' } }),
      event('system:serviceaccount:ours:server', 'patch', 'nodes'),
      event('system:serviceaccount:ours:server', 'patch', 'nodes'),
    ].join('\n');
    expect(countRequests(text, 'ours', SINCE)).toEqual([
      { account: 'server', request: 'patch nodes', count: 2 },
      { account: 'server', request: 'create pods/eviction', count: 1 },
    ]);
  });

  test.each([
    { name: 'others', line: event('system:serviceaccount:theirs:server', 'get', 'pods') },
    {
      name: 'earlier requests',
      line: event('system:serviceaccount:ours:server', 'get', 'pods', { requestReceivedTimestamp: '2026-01-05T11:59:59.000000Z' }),
    },
    { name: 'a line that is still being written', line: '{"stage":"Resp' },
    {
      name: 'requests that are not answered yet',
      line: event('system:serviceaccount:ours:a', 'get', 'pods', { stage: 'RequestReceived' }),
    },
  ])('leaves out $name', ({ line }) => {
    expect(countRequests(line, 'ours', SINCE)).toEqual([]);
  });
});

describe(parseRequests, () => {
  const watch = (stage: string): string => event('system:serviceaccount:ours:a', 'watch', 'pods', { auditID: 'one', stage });

  test('a watch is one request, open from its start until it has ended', () => {
    const request = { account: 'a', verb: 'watch', resource: 'pods', subresource: '', namespace: '', name: '', atMs: SINCE };
    expect(parseRequests(watch('ResponseStarted'), 'ours')).toEqual([{ ...request, isOver: false }]);
    expect(parseRequests([watch('ResponseStarted'), watch('ResponseComplete')].join('\n'), 'ours')).toEqual([{ ...request, isOver: true }]);
  });

  test('names the resource, subresource, namespace and name', () => {
    const objectRef = { resource: 'pods', subresource: 'eviction', namespace: 'default', name: 'web-1' };
    expect(parseRequests(event('system:serviceaccount:ours:a', 'create', 'pods', { objectRef }), 'ours')).toMatchObject([objectRef]);
  });
});

describe(requestTable, () => {
  test('shows the requests per update, and the total', () => {
    const counts = [
      { account: 'server', request: 'patch nodes', count: 6 },
      { account: 'controller', request: 'create events', count: 3 },
    ];
    expect(
      requestTable(counts, 3)
        .split('\n')
        .map((line) => line.trim().replaceAll(/ +/g, ' ')),
    ).toEqual(['2.0 server patch nodes', '1.0 controller create events', '3.0 in all']);
  });
});
