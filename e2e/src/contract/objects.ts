import type { Answer, Json, World } from './world.ts';
import { GROUP } from './world.ts';

export const configMaps = ({ namespace }: World): string => `/api/v1/namespaces/${namespace}/configmaps`;
export const pods = ({ namespace }: World): string => `/api/v1/namespaces/${namespace}/pods`;
export const leases = ({ namespace }: World): string => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
export const budgets = ({ namespace }: World): string => `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`;
export const widgets = ({ namespace }: World, version = 'v2'): string => `/apis/${GROUP}/${version}/namespaces/${namespace}/widgets`;

export const aConfigMap = (name: string, data: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

export const aWidget = (name: string, spec: object = { state: 'Idle' }, metadata: object = {}, version = 'v2'): object => ({
  apiVersion: `${GROUP}/${version}`,
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec,
});

/** A pod on a node without a kubelet, so that only the test changes it. */
export const aPod = (name: string, labels: Record<string, string> = {}, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { nodeName: 'contract-node', containers: [{ name: 'main', image: 'none.invalid/none:1' }], ...spec },
});

export const aLease = (name: string, holderIdentity: string, metadata: object = {}): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, ...metadata },
  spec: { holderIdentity, leaseDurationSeconds: 15 },
});

/** Creates a pod in the state that a kubelet would report as running, and ready or not. */
export async function makePod(world: World, name: string, labels: Record<string, string>, ready: boolean): Promise<Json> {
  await world.ask('POST', pods(world), aPod(name, labels));
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  const { body } = await world.ask('PATCH', `${pods(world)}/${name}/status`, { status }, MERGE);
  return body;
}

export const MERGE = { contentType: 'application/merge-patch+json' };
export const STRATEGIC = { contentType: 'application/strategic-merge-patch+json' };
export const JSON_PATCH = { contentType: 'application/json-patch+json' };

/** The relevant part of an error. */
export const refusal = ({ status, body }: Answer): object => ({ status, reason: body.reason, message: body.message });

/** The relevant part of an error without its message, which contains names that differ between runs. */
export const kindOf = ({ status, body }: Answer): object => ({ status, reason: body.reason });
