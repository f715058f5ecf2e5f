import type { WorldEvent } from '@brupop/simulator';

type Teller = (subject: string, message: string) => string;

const TELLERS: Readonly<Partial<Record<string, Teller>>> = {
  eviction: (pod, status) =>
    status === '201'
      ? `${pod} is evicted`
      : status === '429'
        ? `${pod} is kept by its PodDisruptionBudget`
        : `${pod} is not evicted: ${status}`,
  'host-shutting-down': (node) => `${node} shuts down`,
  'host-down': (node) => `${node} is down`,
  'host-booted': (node, version) => `${node} has booted ${version}`,
  'node-not-ready': (node) => `${node} is not Ready`,
  'node-unknown': (node) => `${node} is not heard of any more`,
  'node-ready': (node) => `${node} is Ready`,
  'pod-killed': (pod) => `${pod} is killed`,
  fault: (target, name) => `Fault ${name} strikes ${target === '' ? 'nothing' : target}`,
  'fault-lifted': (target) => `The fault of ${target} is over`,
};

const withoutNamespace = (subject: string): string => subject.replaceAll(/[^ /]+\//g, '');

/** An event of the simulated cluster as a line of the demo; undefined for one that is no news to a viewer. */
export function eventLine({ atMs, type, subject, message }: WorldEvent, startedMs: number): string | undefined {
  const tell = TELLERS[type];
  return tell === undefined
    ? undefined
    : `${((atMs - startedMs) / 1000).toFixed(1).padStart(7)} s  ${tell(withoutNamespace(subject), message)}`;
}
