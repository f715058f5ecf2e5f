import { WATCH_ENDS, type Reflector, type WatchEnd } from '@brupop/kube-runtime';
import type { CounterDefinition, GaugeDefinition, MetricDefinition, Metrics } from './metrics.ts';

const RESOURCE = 'the resource in the plural, such as `nodes`';

/** Watches that ended and were restarted. */
export const WATCH_RESTARTS: CounterDefinition<'resource' | 'outcome'> = {
  type: 'counter',
  name: 'brupop_watch_restarts_total',
  help: 'Watches of the Kubernetes API that ended and were restarted, by how they ended',
  labels: { resource: RESOURCE, outcome: WATCH_ENDS },
};

/** The age of the cached state. */
export const WATCH_AGE: GaugeDefinition<'resource'> = {
  type: 'gauge',
  name: 'brupop_watch_age_seconds',
  help: 'Seconds since the last event or bookmark of this watch; the API server sends a bookmark about every minute',
  labels: { resource: RESOURCE },
};

/** The size of the cache. */
export const WATCHED_OBJECTS: GaugeDefinition<'resource'> = {
  type: 'gauge',
  name: 'brupop_watched_objects',
  help: 'Objects in the cache of this watch',
  labels: { resource: RESOURCE },
};

/** All metrics of {@link createWatchMetrics}. */
export const WATCH_METRICS: readonly MetricDefinition[] = [WATCH_RESTARTS, WATCH_AGE, WATCHED_OBJECTS];

/** The metrics of the watches of a process. */
export interface WatchMetrics {
  /** For `onRestart` of the reflector of this resource. */
  readonly onRestart: (resource: string) => (outcome: WatchEnd) => void;
  /** Sets the gauges to the state of the reflectors. */
  show(reflectors: Readonly<Record<string, Reflector<unknown>>>): void;
}

/** Registers the metrics of watches. */
export function createWatchMetrics(metrics: Metrics): WatchMetrics {
  const restarts = metrics.counter(WATCH_RESTARTS);
  const age = metrics.gauge(WATCH_AGE);
  const objects = metrics.gauge(WATCHED_OBJECTS);
  return {
    onRestart: (resource) => {
      for (const outcome of WATCH_ENDS) restarts.inc({ resource, outcome }, 0);
      return (outcome) => {
        restarts.inc({ resource, outcome });
      };
    },
    show(reflectors) {
      for (const [resource, reflector] of Object.entries(reflectors)) {
        const silenceMs = reflector.silenceMs();
        // Before the first event there is no age.
        if (silenceMs !== undefined) age.set({ resource }, silenceMs / 1_000);
        objects.set({ resource }, reflector.store.size);
      }
    },
  };
}
