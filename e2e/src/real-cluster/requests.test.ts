import { describe, expect, test } from '@jest/globals';
import { countRequests, requestTable } from './requests.ts';

const event = (user: string, verb: string, resource: string, subresource?: string, at = '2026-01-05T12:00:00.000000Z'): string =>
  JSON.stringify({
    stage: 'ResponseComplete',
    verb,
    user: { username: user },
    objectRef: { resource, ...(subresource === undefined ? {} : { subresource }) },
    requestReceivedTimestamp: at,
  });
const SINCE = Date.parse('2026-01-05T12:00:00Z');

describe(countRequests, () => {
  test('counts by account, verb and resource, most first', () => {
    const text = [
      event('system:serviceaccount:ours:server', 'create', 'pods', 'eviction'),
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
    { name: 'earlier requests', line: event('system:serviceaccount:ours:server', 'get', 'pods', undefined, '2026-01-05T11:59:59.000000Z') },
    { name: 'a line that is still being written', line: '{"stage":"Resp' },
    {
      name: 'requests that are not answered yet',
      line: event('system:serviceaccount:ours:a', 'get', 'pods').replace('Complete', 'Started'),
    },
  ])('leaves out $name', ({ line }) => {
    expect(countRequests(line, 'ours', SINCE)).toEqual([]);
  });
});

describe(requestTable, () => {
  test('gives what falls to each update, and the sum', () => {
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
