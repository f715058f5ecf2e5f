import { deepEqual } from 'node:assert/strict';
import { DEFAULT_NAMESPACE, GROUP, KIND, PLURAL, SHADOW_STATES, SHADOW_V1_STATES, shadowName } from '@brupop/crd-models';
import { updated } from '../fleet.ts';
import { install } from '../operator.ts';
import { legacyDefinition, legacyObjects } from '../legacy.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';
import { permissions } from './permissions.ts';
import { uninstall } from './uninstall.ts';

const ROLLOUT_MS = 900_000;
/** A namespace without a controller, so that the shadows in it stay as they are. */
const ELSEWHERE = 'default';

interface ShadowJson {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: { readonly state: string };
}

export const migration: ClusterStep = {
  name: 'migration',
  shows: 'kubectl apply over an installation of Brupop 1.x keeps every shadow, finishes its updates, and can be removed again',
  needs: 'cluster',
  operator: 'absent',
  run: async (context) => {
    const { kubectl, cluster, releases, report } = context;
    const running = releases.newest;
    const version = releases.publish();
    await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: DEFAULT_NAMESPACE } }, legacyDefinition('v1')]);
    await kubectl.run(['wait', '--for=condition=Established', `crd/${PLURAL}.${GROUP}`, '--timeout=60s']);
    const [first, second, third] = cluster.managed.map(({ name }) => name);
    await write(
      context,
      'v1',
      shadowName(first ?? ''),
      DEFAULT_NAMESPACE,
      { state: 'StagedUpdate', version },
      { current_state: 'Idle', current_version: running, target_version: version },
    );
    for (const state of SHADOW_V1_STATES) await write(context, 'v1', `brs-v1-${state.toLowerCase()}`, ELSEWHERE, { state });
    await kubectl.apply([legacyDefinition('v2'), ...legacyObjects()]);
    await write(
      context,
      'v2',
      shadowName(second ?? ''),
      DEFAULT_NAMESPACE,
      { state: 'ErrorReset' },
      { current_state: 'ErrorReset', current_version: running, target_version: version, crash_count: 0 },
    );
    await write(
      context,
      'v2',
      shadowName(third ?? ''),
      DEFAULT_NAMESPACE,
      { state: 'MonitoringUpdate', version: running },
      { current_state: 'RebootedIntoUpdate', current_version: running, target_version: running, crash_count: 0 },
    );
    for (const state of SHADOW_STATES) await write(context, 'v2', `brs-v2-${state.toLowerCase()}`, ELSEWHERE, { state });
    const before = await shadows(context);

    await install(kubectl);
    await updated(context, version, ROLLOUT_MS);

    const after = await shadows(context);
    deepEqual(
      after.map(({ metadata }) => metadata.uid),
      before.map(({ metadata }) => metadata.uid),
      'every shadow is still the same',
    );
    const converted: Readonly<Record<string, string>> = {
      StagedUpdate: 'StagedAndPerformedUpdate',
      PerformedUpdate: 'StagedAndPerformedUpdate',
    };
    const states = after
      .filter(({ metadata }) => metadata.namespace === ELSEWHERE)
      .map(({ metadata, spec }) => `${metadata.name} ${spec.state}`);
    const expected = [
      ...SHADOW_V1_STATES.map((state) => `brs-v1-${state.toLowerCase()} ${converted[state] ?? state}`),
      ...SHADOW_STATES.map((state) => `brs-v2-${state.toLowerCase()} ${state}`),
    ];
    deepEqual(states.sort(), expected.sort(), 'shadows of every state are there, as v2');
    report(`${after.length} shadows, ${version} on every node`);
    await permissions.run(context);
    await kubectl.run(['delete', PLURAL, '--all', '--namespace', ELSEWHERE]);
    await uninstall.run(context);
  },
};

async function write(
  { kubectl, api }: ClusterContext,
  version: 'v1' | 'v2',
  name: string,
  namespace: string,
  spec: object,
  status?: object,
): Promise<void> {
  await kubectl.apply([{ apiVersion: `${GROUP}/${version}`, kind: KIND, metadata: { name, namespace }, spec }]);
  if (status !== undefined) await api.mergePatch(`/apis/${GROUP}/${version}/namespaces/${namespace}/${PLURAL}/${name}/status`, { status });
}

async function shadows({ api }: ClusterContext): Promise<ShadowJson[]> {
  const { items } = await api.get<{ items: ShadowJson[] }>(`/apis/${GROUP}/v2/${PLURAL}`);
  return items.sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1));
}
