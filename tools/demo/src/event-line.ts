import type { WorldEvent } from '@brupop/simulator';

type Format = (subject: string, message: string) => string;

const FORMATS: Readonly<Partial<Record<string, Format>>> = {
  eviction: (pod, status) =>
    status === '201'
      ? `${pod} evicted`
      : status === '429'
        ? `Eviction of ${pod} refused by its PodDisruptionBudget`
        : `Eviction of ${pod} failed with status ${status}`,
  'host-shutting-down': (node) => `${node} is shutting down`,
  'host-down': (node) => `${node} is down`,
  'host-booted': (node, version) => `${node} booted ${version}`,
  'node-not-ready': (node) => `${node} is NotReady`,
  'node-unknown': (node) => `${node} is Unknown: no heartbeat`,
  'node-ready': (node) => `${node} is Ready`,
  'pod-killed': (pod) => `${pod} was killed`,
  fault: (target, name) => (target === '' ? `Fault ${name} has no target` : `Fault ${name} on ${target}`),
  'fault-lifted': (target) => `The fault on ${target} is over`,
};

const withoutNamespace = (subject: string): string => subject.replaceAll(/[^ /]+\//g, '');

/** An event of the simulated cluster as a line of the demo; undefined for events that are not shown. */
export function eventLine({ atMs, type, subject, message }: WorldEvent, startedMs: number): string | undefined {
  const format = FORMATS[type];
  return format === undefined
    ? undefined
    : `${((atMs - startedMs) / 1000).toFixed(1).padStart(7)} s  ${format(withoutNamespace(subject), message)}`;
}
