import { isRecord } from '../types.ts';
import type { Json, KubeObject } from '../types.ts';

// Field names of events.k8s.io/v1, and those of the same fields in core v1.
const RENAMED: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

function renamed(object: Json | KubeObject, apiVersion: string, names: ReadonlyMap<string, string>): Json {
  return { ...Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value])), apiVersion };
}

const TO_CORE: ReadonlyMap<string, string> = new Map(RENAMED);
const TO_EVENTS: ReadonlyMap<string, string> = new Map(RENAMED.map(([newer, older]) => [older, newer]));

/** An event of either API group in core v1, the form in which events are stored. */
export function toCoreEvent(event: Json | KubeObject): Json {
  const result = renamed(event, 'v1', TO_CORE);
  return { source: {}, ...result, involvedObject: isRecord(result['involvedObject']) ? result['involvedObject'] : {} };
}

/** A core v1 event in the form of events.k8s.io/v1. */
export const toEventsEvent = (event: Json | KubeObject): Json => renamed(event, 'events.k8s.io/v1', TO_EVENTS);
