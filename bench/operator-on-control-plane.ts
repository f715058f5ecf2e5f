import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { HollowCluster } from '@brupop/e2e';
import type { HollowClusterOptions, HollowInstallation } from '@brupop/e2e';
import type { OriginalBinaries } from './original-binaries.ts';
import { ORIGINAL_PROBES, surroundOriginal, withoutProbes } from './original-surroundings.ts';
import type { OriginalPlace, Surroundings } from './original-surroundings.ts';

/** An operator on a control plane, ours or the original. */
export interface InstalledOperator {
  readonly cluster: HollowCluster;
  close(): Promise<void>;
}

/** What is started. */
export interface OperatorOptions extends HollowClusterOptions {
  readonly checkIntervalS: number;
  readonly original?: OriginalBinaries | undefined;
}

type InstallObject = Parameters<NonNullable<HollowInstallation['alter']>>[0];

/** Starts a control plane and installs the operator; resolves when every agent has reported. Leaves nothing behind if that takes too long. */
export async function startOperatorOn(
  { checkIntervalS, original, ...options }: OperatorOptions,
  limitMs: number,
): Promise<InstalledOperator> {
  if (original !== undefined) return startOriginalOn(options, original, limitMs);
  const cluster = await HollowCluster.start(options);
  const close = (): Promise<void> => cluster.close();
  await orClose(close, () => cluster.install({ env: { agent: { UPDATE_CHECK_INTERVAL_IN_SEC: String(checkIntervalS) } } }, limitMs));
  return { cluster, close };
}

async function startOriginalOn(options: HollowClusterOptions, original: OriginalBinaries, limitMs: number): Promise<InstalledOperator> {
  const directory = await mkdtemp(join(tmpdir(), 'bench-original-'));
  let surroundings: Surroundings | undefined;
  const cluster = await HollowCluster.start({
    ...options,
    // All of the original's apiservers listen on all addresses.
    servesOnPodIps: false,
    agentsAreThreads: false,
    wrap: (component) => {
      if (surroundings === undefined) throw new Error(`${component} started before its surroundings were there`);
      return surroundings.command(component);
    },
  });
  const close = async (): Promise<void> => {
    await cluster.close();
    await surroundings?.close();
    await rm(directory, { recursive: true, force: true });
  };
  const prepare = async (): Promise<void> => {
    surroundings = await surroundOriginal(original, await placeOn(cluster), directory);
  };
  await orClose(close, () => cluster.install({ certificates: 'provided', alter: withProbes, prepare }, limitMs));
  return { cluster, close };
}

async function placeOn(cluster: HollowCluster): Promise<OriginalPlace> {
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

/** The original is asked for what it has. */
function withProbes(object: InstallObject): object {
  const probe = object.kind === 'Deployment' ? ORIGINAL_PROBES[object.metadata.name] : undefined;
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
