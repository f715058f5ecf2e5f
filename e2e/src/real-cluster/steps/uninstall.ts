import { deepEqual } from 'node:assert/strict';
import { COMPONENT_LABEL, CRD_NAME, DEFAULT_NAMESPACE, UPDATER_INTERFACE_LABEL, UPDATER_INTERFACE_VERSION } from '@brupop/crd-models';
import { MANIFEST } from '../operator.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';

export const uninstall: ClusterStep = {
  name: 'uninstall',
  shows: 'the removal in the README leaves nothing: no object, cordon, label, taint or annotation',
  needs: 'cluster',
  operator: 'removes',
  run: async (context) => {
    const { kubectl } = context;
    await kubectl.run(['label', 'node', '--all', `${UPDATER_INTERFACE_LABEL}-`]);
    await kubectl.run(['wait', 'brs', '--all', '--for=delete', '--timeout=300s', '--namespace', DEFAULT_NAMESPACE], undefined, 310_000);
    await kubectl.run(['delete', '--ignore-not-found', '--wait=true', '-f', MANIFEST], undefined, 300_000);
    await nothingIsLeft(context);
  },
};

/** Looks for anything that the operator might have left, and labels the nodes again. */
export async function nothingIsLeft({ kubectl, api, cluster, report }: ClusterContext): Promise<void> {
  const { items: nodes } = await api.get<{
    items: { metadata: { name: string; annotations?: object; labels?: object }; spec: { taints?: { key: string }[] } }[];
  }>('/api/v1/nodes');
  const marks = nodes.flatMap(({ metadata, spec }) =>
    [...Object.keys({ ...metadata.annotations, ...metadata.labels }), ...(spec.taints ?? []).map(({ key }) => key)].filter(
      (name) => name.includes('brupop') || name.includes('exclude-from'),
    ),
  );
  deepEqual(marks, [], 'no node has an annotation, label or taint of ours');
  deepEqual(
    nodes.filter(({ spec }) => 'unschedulable' in spec).map(({ metadata }) => metadata.name),
    [],
    'no node is cordoned',
  );
  const kinds = (await kubectl.run(['api-resources', '--verbs=list', '--output', 'name'])).trim().split('\n');
  const everything = await kubectl.run([
    'get',
    kinds.join(','),
    '--all-namespaces',
    '--ignore-not-found',
    '--output',
    'name',
    '--selector',
    COMPONENT_LABEL,
  ]);
  deepEqual(everything.trim(), '', 'nothing with our label is left');
  for (const kind of ['namespace', 'customresourcedefinition', 'clusterrole', 'clusterrolebinding', 'priorityclass']) {
    const names = await kubectl.run(['get', kind, '--output', 'name']);
    const left = names.split('\n').filter((name) => name.includes('brupop') || name.includes(CRD_NAME) || name.includes(DEFAULT_NAMESPACE));
    deepEqual(left, [], `no ${kind} is left`);
  }
  // For a later installation.
  const managed = cluster.managed.map(({ name }) => name);
  await kubectl.run(['label', 'node', ...managed, `${UPDATER_INTERFACE_LABEL}=${UPDATER_INTERFACE_VERSION}`]);
  report(`looked at ${kinds.length} kinds`);
}
