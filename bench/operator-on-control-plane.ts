import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { HollowCluster } from '@brupop/e2e';
import type { HollowClusterOptions, HollowInstallation } from '@brupop/e2e';
import type { LegacyBinaries } from './legacy-binaries.ts';
import { LEGACY_PROBES, surroundLegacy, withoutProbes } from './legacy-surroundings.ts';
import type { LegacyPlace, Surroundings } from './legacy-surroundings.ts';

/** An operator on a control plane, ours or that of Brupop 1.x. */
export interface InstalledOperator {
  readonly cluster: HollowCluster;
  close(): Promise<void>;
}

/** What to start. */
export interface OperatorOptions extends HollowClusterOptions {
  readonly checkIntervalS: number;
  readonly legacy?: LegacyBinaries | undefined;
}

type InstallObject = Parameters<NonNullable<HollowInstallation['alter']>>[0];

/** Starts a control plane and installs the operator; resolves when every agent has reported. Stops everything after a timeout. */
export async function startOperatorOn(
  { checkIntervalS, legacy, ...options }: OperatorOptions,
  limitMs: number,
): Promise<InstalledOperator> {
  if (legacy !== undefined) return startLegacyOn(options, legacy, limitMs);
  const cluster = await HollowCluster.start(options);
  const close = (): Promise<void> => cluster.close();
  await orClose(close, () => cluster.install({ env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: String(checkIntervalS) } } }, limitMs));
  return { cluster, close };
}

async function startLegacyOn(options: HollowClusterOptions, legacy: LegacyBinaries, limitMs: number): Promise<InstalledOperator> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-legacy-'));
  let surroundings: Surroundings | undefined;
  const cluster = await HollowCluster.start({
    ...options,
    // All apiservers of Brupop 1.x listen on all addresses.
    servesOnPodIps: false,
    agentsAreThreads: false,
    wrap: (component) => {
      if (surroundings === undefined) throw new Error(`${component} started before its surroundings were ready`);
      return surroundings.command(component);
    },
  });
  const close = async (): Promise<void> => {
    await cluster.close();
    await surroundings?.close();
    await rm(directory, { recursive: true, force: true });
  };
  const prepare = async (): Promise<void> => {
    surroundings = await surroundLegacy(legacy, await placeOn(cluster), directory);
  };
  await orClose(close, () => cluster.install({ certificates: 'provided', alter: withProbes, prepare }, limitMs));
  return { cluster, close };
}

async function placeOn(cluster: HollowCluster): Promise<LegacyPlace> {
  return {
    namespace: DEFAULT_NAMESPACE,
    kubernetes: await cluster.kubernetes(),
    apiserver: cluster.service,
    apply: async (objects) => {
      await cluster.kubectl.apply(objects);
    },
    issueToken: (account, expiresAfterMs) => cluster.token(account, expiresAfterMs),
  };
}

/** Brupop 1.x gets its own probes. */
function withProbes(object: InstallObject): object {
  const probe = object.kind === 'Deployment' ? LEGACY_PROBES[object.metadata.name] : undefined;
  if (probe === undefined) return object;
  const { spec } = object as unknown as DeploymentObject;
  const containers = spec.template.spec.containers.map((container) => ({ ...withoutProbes(container), ...probe }));
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } } };
}

interface DeploymentObject {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[] } } };
}

async function orClose(close: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await close();
    throw error;
  }
}
