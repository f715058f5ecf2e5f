import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

describe(createMetrics, () => {
  test('shows what is to be counted as 0 before anything has happened', async () => {
    const metrics = createMetrics('brupop-controller');
    const events = metrics.counter({ name: 'brupop_events_total', help: 'h', labels: ['type'], initial: [{ type: 'a' }] });
    metrics.gauge({ name: 'brupop_hosts_state', help: 'h', labels: ['state'], initial: [{ state: 'Idle' }] });
    metrics.histogram({ name: 'brupop_drain_seconds', help: 'h', labels: ['result'], buckets: [1], initial: [{ result: 'done' }] });
    events.inc({ type: 'b' });
    const text = await metrics.render();
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'target_info{service_name="brupop-controller"} 1',
      'brupop_events_total{type="a"} 0',
      'brupop_events_total{type="b"} 1',
      'brupop_hosts_state{state="Idle"} 0',
      'brupop_drain_seconds_bucket{le="1",result="done"} 0',
      'brupop_drain_seconds_bucket{le="+Inf",result="done"} 0',
      'brupop_drain_seconds_sum{result="done"} 0',
      'brupop_drain_seconds_count{result="done"} 0',
    ]);
    expect(metrics.contentType).toContain('text/plain');
  });

  test('keeps the metrics of two processes apart', async () => {
    const one = createMetrics('a');
    one.gauge({ name: 'brupop_hosts_state', help: 'h' }).set(1);
    expect(await createMetrics('b').render()).not.toContain('brupop_hosts_state');
  });
});
