import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../api/types.ts';

interface Secret extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Where Secrets are read: the simulated API, or a mirror of a real one. */
export interface SecretSource {
  get(ref: SecretRef): unknown;
  watch(
    ref: Omit<SecretRef, 'namespace' | 'name'>,
    listener: (event: { readonly type: string; readonly object: unknown }) => void,
  ): () => void;
}

interface SecretRef {
  readonly group: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A mounted Secret. */
export interface SecretVolume {
  /** Resolves when the files exist: a container does not start earlier. */
  readonly ready: Promise<void>;
  /** Stops updates. */
  unmount(): void;
}

/**
 * Mounts a Secret as a kubelet does: each version in its own folder, and a link `..data` that is switched atomically, so that a reader
 * finds all files of one version. The files of a deleted Secret stay.
 */
export function mountSecret(source: SecretSource, namespace: string, name: string, directory: string): SecretVolume {
  const ref = { group: '', resource: 'secrets', namespace, name };
  const mounted = new Set<string>();
  const { promise: ready, resolve, reject } = Promise.withResolvers<undefined>();
  // A pod may be killed before anything awaits its files: the rejection must not end this process.
  ready.catch(() => undefined);
  let writing: Promise<void> = Promise.resolve();
  const bring = ({ metadata: { resourceVersion }, data = {} }: Secret): void => {
    writing = writing
      .then(() => writeVersion(directory, `..${resourceVersion}`, data, mounted))
      .then(() => {
        resolve(undefined);
      }, reject);
  };
  const unwatch = source.watch(ref, (event) => {
    const { type, object } = event as { readonly type: string; readonly object: Secret };
    if (type !== 'DELETED' && object.metadata.name === name && object.metadata.namespace === namespace) bring(object);
  });
  const present = source.get(ref) as Secret | undefined;
  if (present !== undefined) bring(present);
  return {
    ready,
    unmount: () => {
      unwatch();
      reject(new Error(`Secret ${name} was unmounted before it was there`));
    },
  };
}

async function writeVersion(
  directory: string,
  version: string,
  data: Readonly<Record<string, string>>,
  mounted: Set<string>,
): Promise<void> {
  const folder = join(directory, version);
  await mkdir(folder, { recursive: true });
  for (const [key, base64] of Object.entries(data)) await writeFile(join(folder, key), Buffer.from(base64, 'base64'), { mode: 0o600 });
  await rm(join(directory, '..data_tmp'), { force: true });
  await symlink(version, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  for (const key of Object.keys(data)) {
    if (mounted.has(key)) continue;
    // A restarted container finds the links of the previous one.
    await rm(join(directory, key), { force: true });
    await symlink(join('..data', key), join(directory, key));
    mounted.add(key);
  }
}
