import type { BottlerocketShadow, ShadowStatus } from '@brupop/crd-models';
import { describe, expect, test } from '@jest/globals';
import { etaSeconds, progressBar, renderScreen, rowOf } from './fleet-view.ts';
import type { NodeFacts } from './fleet-view.ts';

const status: ShadowStatus = { current_version: '1.26.1', target_version: '1.27.0', current_state: 'Idle', crash_count: 0 };
const shadow = (spec: Partial<BottlerocketShadow['spec']> = {}, changes: Partial<ShadowStatus> = {}): BottlerocketShadow => ({
  apiVersion: 'brupop.bottlerocket.aws/v2',
  kind: 'BottlerocketShadow',
  metadata: { name: 'brs-a' },
  spec: { state: 'Idle', ...spec },
  status: { ...status, ...changes },
});
const facts = (changes: Partial<NodeFacts> = {}): NodeFacts => ({
  name: 'a',
  ready: true,
  cordoned: false,
  shadow: shadow(),
  hold: undefined,
  ...changes,
});
const progress = { step: 'Rebooting', since: '2026-01-05T00:00:00Z', boot_id: 'b', version: '1.27.0' } as const;

describe('rowOf', () => {
  test.each<{ name: string; facts: NodeFacts; activity: string; done: boolean }>([
    {
      name: 'waits for its agent before there is a shadow',
      facts: facts({ shadow: undefined }),
      activity: 'Waiting for its agent',
      done: false,
    },
    { name: 'shows why the node waits', facts: facts({ hold: 'its turn comes' }), activity: 'its turn comes', done: false },
    {
      name: 'shows the next step',
      facts: facts({ shadow: shadow({ state: 'RebootedIntoUpdate' }) }),
      activity: 'About to drain',
      done: false,
    },
    { name: 'shows a reboot', facts: facts({ ready: false, shadow: shadow({}, { progress }) }), activity: 'Rebooting', done: false },
    { name: 'shows a node that is not ready', facts: facts({ ready: false }), activity: 'NotReady', done: false },
    {
      name: 'is done on the newest version and Idle',
      facts: facts({ shadow: shadow({}, { current_version: '1.27.0' }) }),
      activity: 'Up to date',
      done: true,
    },
    {
      name: 'is not done before it is ready',
      facts: facts({ ready: false, shadow: shadow({}, { current_version: '1.27.0' }) }),
      activity: 'NotReady',
      done: false,
    },
  ])('$name', ({ facts: given, activity, done }) => {
    expect(rowOf(given, '1.27.0')).toMatchObject({ activity, done });
  });
});

describe('progressBar', () => {
  test.each([
    { done: 0, total: 4, bar: '[....]   0 %' },
    { done: 2, total: 4, bar: '[##..]  50 %' },
    { done: 4, total: 4, bar: '[####] 100 %' },
    { done: 0, total: 0, bar: '[####] 100 %' },
  ])('$done of $total', ({ done, total, bar }) => {
    expect(progressBar(done, total, 4)).toBe(bar);
  });
});

describe('etaSeconds', () => {
  test('is unknown before the first node is done', () => {
    expect(etaSeconds({ done: 0, total: 6, elapsedMs: 1000, lastDoneMs: 0 })).toBeUndefined();
  });
  test('counts down until the next node is done', () => {
    expect(etaSeconds({ done: 2, total: 6, elapsedMs: 13_000, lastDoneMs: 10_000 })).toBe(17);
  });
  test('assumes the same pace for the rest', () => {
    expect(etaSeconds({ done: 2, total: 6, elapsedMs: 10_000, lastDoneMs: 10_000 })).toBe(20);
  });
});

describe('renderScreen', () => {
  const screen = { elapsedMs: 1000, lastDoneMs: 0, events: ['Drained a'], columns: 80, lines: 24 };
  test('shows one row per node, the progress and the last events', () => {
    const text = renderScreen({ ...screen, rows: [rowOf(facts(), '1.27.0')] });
    expect(text).toMatch(/^NODE/);
    expect(text).toContain('1.26.1');
    expect(text).toContain('0/1 nodes');
    expect(text).toContain('Drained a');
  });
  test('truncates long lines, and drops the target column first', () => {
    const rows = [rowOf(facts({ hold: 'Waiting for another node to finish its update' }), '1.27.0')];
    const lines = renderScreen({ ...screen, rows, events: ['x'.repeat(100)] }).split('\n');
    expect(lines[0]).not.toContain('TARGET');
    expect(lines[1]).toMatch(/Waiting for another node.*…$/);
    expect(lines.map(({ length }) => length).every((length) => length <= 80)).toBe(true);
    expect(renderScreen({ ...screen, rows, columns: 120 })).toMatch(/TARGET[^]*to finish its update$/m);
  });
  test('puts nodes in progress first when not all fit', () => {
    const rows = Array.from({ length: 40 }, (_, at) => rowOf(facts({ name: `n${String(at)}` }), '1.27.0'));
    rows.push(rowOf(facts({ name: 'busy', shadow: shadow({}, { current_state: 'StagedAndPerformedUpdate' }) }), '1.27.0'));
    const text = renderScreen({ ...screen, rows });
    expect(text.split('\n')[1]).toContain('busy');
    expect(text).toContain('… and 28 more');
  });
});
