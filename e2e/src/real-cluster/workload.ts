import { deepEqual } from 'node:assert/strict';
import type { Kubectl } from './cluster/kubectl.ts';
import { SANDBOX_IMAGE } from './cluster/node-config.ts';

export const WORKLOAD_NAMESPACE = 'workload';
export const WEB = 'web';
/** How messages name any of its pods. */
export const POD_OF_WEB: string = `pod ${WORKLOAD_NAMESPACE}/${WEB}`;
/** Only the client's pod tolerates it. */
export const CLIENT_TAINT = 'client';

const metadata = (name: string): object => ({ name, namespace: WORKLOAD_NAMESPACE });
const labels = { app: WEB };

/** Three pods that end gracefully, behind a Service and a PodDisruptionBudget of maxUnavailable 1. */
export function webObjects({
  replicas = 3,
  maxUnavailable = 1,
}: { readonly replicas?: number; readonly maxUnavailable?: number } = {}): object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: WORKLOAD_NAMESPACE } },
    { apiVersion: 'v1', kind: 'Service', metadata: metadata(WEB), spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(WEB),
      spec: { maxUnavailable, selector: { matchLabels: labels } },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(WEB),
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 20,
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: 'kubernetes.io/hostname',
                whenUnsatisfiable: 'ScheduleAnyway',
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [
              {
                name: 'web',
                image: SANDBOX_IMAGE,
                args: ['web'],
                readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
  ];
}

/** A pod that calls the Service continuously, on a node that is never updated. */
export function clientObject(): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata('client'),
    spec: {
      tolerations: [{ key: CLIENT_TAINT, operator: 'Exists' }],
      nodeSelector: { [CLIENT_TAINT]: 'true' },
      containers: [{ name: 'client', image: SANDBOX_IMAGE, args: ['client', `http://${WEB}.${WORKLOAD_NAMESPACE}.svc.cluster.local`] }],
    },
  };
}

/** The counts of the client. */
export interface Calls {
  readonly answered: number;
  readonly failures: readonly string[];
}

/** @returns how many requests were answered since `before` @throws AssertionError if one was not */
export async function allAnswered(kubectl: Kubectl, before: Calls): Promise<number> {
  const { answered, failures } = await callsOf(kubectl);
  deepEqual(failures.slice(before.failures.length), [], 'no request to the workload fails');
  return answered - before.answered;
}

export async function callsOf(kubectl: Kubectl): Promise<Calls> {
  const lines = (await kubectl.run(['logs', '--namespace', WORKLOAD_NAMESPACE, 'client'])).split('\n');
  const counts = lines.flatMap((line) => /answered=(\d+)/.exec(line)?.[1] ?? []);
  return { answered: Number(counts.at(-1) ?? 0), failures: lines.filter((line) => line.startsWith('failed')) };
}
