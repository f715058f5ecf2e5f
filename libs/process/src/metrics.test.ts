import { describe, expect, test } from '@jest/globals';
import { collectProcessMetrics, createMetrics, knownLabels } from './metrics.ts';
import type { Metrics } from './metrics.ts';

/** The samples, without those of every process. */
const samples = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.render()).split('\n').filter((line) => !/^(#|target_info|brupop_build_info|$)/.test(line));

describe(createMetrics, () => {
  test('starts counters at 0', async () => {
    const metrics = createMetrics('controller');
    const events = metrics.counter({ type: 'counter', name: 'brupop_events_total', help: 'h', labels: { type: ['a'] } });
    metrics.gauge({ type: 'gauge', name: 'brupop_hosts_state', help: 'h', labels: { state: ['Idle'] } });
    metrics.gauge({ type: 'gauge', name: 'brupop_leader', help: 'h' });
    metrics.histogram({ type: 'histogram', name: 'brupop_drain_seconds', help: 'h', labels: { result: ['done'] }, buckets: [1] });
    events.inc({ type: 'b' });
    expect(await samples(metrics)).toEqual([
      'brupop_events_total{type="a"} 0',
      'brupop_events_total{type="b"} 1',
      'brupop_hosts_state{state="Idle"} 0',
      'brupop_leader 0',
      'brupop_drain_seconds_bucket{le="1",result="done"} 0',
      'brupop_drain_seconds_bucket{le="+Inf",result="done"} 0',
      'brupop_drain_seconds_sum{result="done"} 0',
      'brupop_drain_seconds_count{result="done"} 0',
    ]);
    expect(metrics.contentType).toContain('text/plain');
  });

  test('shows an optional gauge only after it is set', async () => {
    const metrics = createMetrics('controller');
    const finish = metrics.gauge({ type: 'gauge', name: 'brupop_finish', help: 'h', optional: true });
    expect(await samples(metrics)).toEqual([]);
    finish.set(7);
    expect(await samples(metrics)).toEqual(['brupop_finish 7']);
  });

  test('describes what is running', async () => {
    const text = await createMetrics('apiserver').render();
    expect(text).toContain('target_info{service_name="apiserver"} 1');
    expect(text).toContain(`brupop_build_info{component="apiserver",version="unknown",runtime="${process.version}"} 1`);
  });

  test('keeps the metrics of two processes apart', async () => {
    createMetrics('a').gauge({ type: 'gauge', name: 'brupop_hosts_state', help: 'h' }).set(1);
    expect(await samples(createMetrics('b'))).toEqual([]);
  });
});

describe(collectProcessMetrics, () => {
  test('has CPU time, memory and the event loop', async () => {
    const metrics = createMetrics('a');
    collectProcessMetrics(metrics);
    const text = await metrics.render();
    for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
      expect(text).toContain(`\n${name} `);
  });
});

describe(knownLabels, () => {
  test.each([
    { name: 'no labels', labels: {}, expected: [{}] },
    { name: 'one label', labels: { a: ['1', '2'] }, expected: [{ a: '1' }, { a: '2' }] },
    {
      name: 'two labels',
      labels: { a: ['1', '2'], b: ['3'] },
      expected: [
        { a: '1', b: '3' },
        { a: '2', b: '3' },
      ],
    },
    { name: 'a label whose values are unknown', labels: { a: ['1', '2'], b: 'some text' }, expected: [] },
  ])('$name', ({ labels, expected }) => {
    expect(knownLabels({ type: 'gauge', name: 'x', help: 'h', labels })).toEqual(expected);
  });
});
