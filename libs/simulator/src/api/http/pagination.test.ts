import { describe, expect, test } from '@jest/globals';
import { aNode, anApi, itemNames } from '../api-fixture.ts';
import type { Fixture } from '../api-fixture.ts';
import { valueAt } from '../types.ts';

const NODES = '/api/v1/nodes';

function withNodes(count: number): Fixture {
  const fixture = anApi();
  for (let at = 0; at < count; at++) fixture.create(aNode(`n${String(at)}`));
  return fixture;
}

describe('pagination', () => {
  test('returns pages with the number of remaining items', async () => {
    const { call } = withNodes(5);
    const first = await call('GET', `${NODES}?limit=2`);
    expect(itemNames(first)).toEqual(['n0', 'n1']);
    expect(first.body['metadata']).toMatchObject({ remainingItemCount: 3 });
    const second = await call('GET', `${NODES}?limit=2&continue=${String(valueAt(first.body, 'metadata.continue'))}`);
    expect(itemNames(second)).toEqual(['n2', 'n3']);
    const last = await call('GET', `${NODES}?limit=2&continue=${String(valueAt(second.body, 'metadata.continue'))}`);
    expect(itemNames(last)).toEqual(['n4']);
    expect(valueAt(last.body, 'metadata.continue')).toBeUndefined();
  });

  test('returns later pages as of the revision of the first', async () => {
    const { api, call, create } = withNodes(3);
    const first = await call('GET', `${NODES}?limit=1`);
    api.store.delete({ group: '', resource: 'nodes', name: 'n1' });
    api.store.patch({ group: '', resource: 'nodes', name: 'n2' }, { metadata: { labels: { new: 'yes' } } });
    create(aNode('n9'));
    const rest = await call('GET', `${NODES}?continue=${String(valueAt(first.body, 'metadata.continue'))}`);
    expect(itemNames(rest)).toEqual(['n1', 'n2']);
    expect(valueAt(rest.body, 'metadata.resourceVersion')).toBe(valueAt(first.body, 'metadata.resourceVersion'));
    expect(JSON.stringify(rest.body)).not.toContain('new');
  });

  test('answers 410 once the revision is forgotten', async () => {
    const { api, call, create } = withNodes(3);
    const first = await call('GET', `${NODES}?limit=1`);
    create(aNode('n9'));
    api.faults.compact();
    expect(await call('GET', `${NODES}?continue=${String(valueAt(first.body, 'metadata.continue'))}`)).toMatchObject({
      status: 410,
      body: { reason: 'Expired', code: 410 },
    });
  });

  test('omits the count with a selector', async () => {
    const { call } = withNodes(3);
    const { body } = await call('GET', `${NODES}?limit=1&labelSelector=!x`);
    expect(valueAt(body, 'metadata.continue')).toBeDefined();
    expect(valueAt(body, 'metadata.remainingItemCount')).toBeUndefined();
  });

  test.each(['limit=x', 'continue=nonsense', 'resourceVersion=x'])('rejects %s', async (query) => {
    expect((await withNodes(1).call('GET', `${NODES}?${query}`)).status).toBe(400);
  });
});

describe('resourceVersion of a list', () => {
  test('can be an exact past revision; a future one is a timeout', async () => {
    const { api, call, create } = withNodes(1);
    const then = api.resourceVersion;
    create(aNode('n5'));
    expect(itemNames(await call('GET', `${NODES}?resourceVersion=${then}&resourceVersionMatch=Exact`))).toEqual(['n0']);
    expect(itemNames(await call('GET', `${NODES}?resourceVersion=${then}`))).toEqual(['n0', 'n5']);
    expect(itemNames(await call('GET', `${NODES}?resourceVersion=0`))).toEqual(['n0', 'n5']);
    expect(await call('GET', `${NODES}?resourceVersion=99999`)).toMatchObject({
      status: 504,
      body: { reason: 'Timeout', details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
    });
  });
});
