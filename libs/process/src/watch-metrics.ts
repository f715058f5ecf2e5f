import { WATCH_ENDS } from '@brupop/kube-runtime';
import type { Reflector, WatchEnd } from '@brupop/kube-runtime';
import type { CounterDefinition, GaugeDefinition, MetricDefinition, Metrics } from './metrics.ts';

const RESOURCE = 'the resource in the plural, such as `nodes`';

/** Watches that ended and were begun again. */
export const WATCH_RESTARTS: CounterDefinition<'resource' | 'outcome'> = {
  type: 'counter',
  name: 'brupop_watch_restarts_total',
  help: 'Watches of the Kubernetes API that came to an end and were begun again, by how they ended',
  labels: { resource: RESOURCE, outcome: WATCH_ENDS },
};

/** How old what we know may be. */
export const WATCH_AGE: GaugeDefinition<'resource'> = {
  type: 'gauge',
  name: 'brupop_watch_age_seconds',
  help: 'Time since the Kubernetes API was last heard of in this watch; it tells something about every minute, whether anything changes or not',
  labels: { resource: RESOURCE },
};

/** What is kept in memory. */
export const WATCHED_OBJECTS: GaugeDefinition<'resource'> = {
  type: 'gauge',
  name: 'brupop_watched_objects',
  help: 'Objects known from this watch',
  labels: { resource: RESOURCE },
};

/** All metrics of {@link createWatchMetrics}. */
export const WATCH_METRICS: readonly MetricDefinition[] = [WATCH_RESTARTS, WATCH_AGE, WATCHED_OBJECTS];

/** What a process tells of its watches. */
export interface WatchMetrics {
  /** For `onRestart` of the reflector of this resource. */
  readonly onRestart: (resource: string) => (why: WatchEnd) => void;
  /** Shows how the reflectors are now. */
  show(reflectors: Readonly<Record<string, Reflector<unknown>>>): void;
}

/** Keeps the metrics of watches. */
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
        // Nothing heard yet is no age of 0.
        if (silenceMs !== undefined) age.set({ resource }, silenceMs / 1_000);
        objects.set({ resource }, reflector.store.size);
      }
    },
  };
}
