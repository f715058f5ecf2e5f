import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { run } from './run.ts';

/** The relevant part of an image's configuration. */
export interface ImageConfig {
  readonly architecture: string;
  readonly created: string;
  readonly config: {
    readonly User?: string;
    readonly Entrypoint?: readonly string[];
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
}

/** Content of an OCI archive. */
export interface ImageArchive {
  /** Names of the image, usually one. */
  readonly names: readonly string[];
  /** Of the manifest. */
  readonly digest: string;
  readonly config: ImageConfig;
  readonly compressedBytes: number;
  readonly unpackedBytes: number;
  /** Each entry of each layer as `tar --list --verbose --numeric-owner` prints it. */
  readonly entries: readonly string[];
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * Reads an archive of one image.
 * @param root existing folder to unpack the image into
 * @throws Error if it is not a valid archive
 */
export async function readArchive(path: string, root?: string): Promise<ImageArchive> {
  const folder = await mkdtemp(join(tmpdir(), 'brupop-archive-'));
  try {
    await run('tar', ['--extract', '--file', path, '--directory', folder]);
    const blob = ({ digest }: Descriptor): string => join(folder, 'blobs', digest.replace(':', '/'));
    const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8')) as unknown;
    const index = (await json(join(folder, 'index.json'))) as { readonly manifests: readonly Descriptor[] };
    const [image] = index.manifests;
    if (image === undefined) throw new Error(`${path} contains no image`);
    const manifest = (await json(blob(image))) as { readonly config: Descriptor; readonly layers: readonly Descriptor[] };
    const listings = await Promise.all(
      manifest.layers.map((layer) => run('tar', ['--list', '--verbose', '--numeric-owner', '--file', blob(layer)])),
    );
    if (root !== undefined) {
      for (const layer of manifest.layers) await run('tar', ['--extract', '--file', blob(layer), '--directory', root]);
    }
    return {
      names: index.manifests.flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? []),
      digest: image.digest,
      config: (await json(blob(manifest.config))) as ImageConfig,
      compressedBytes: sum(manifest.layers.map(({ size }) => size)),
      unpackedBytes: sum(await Promise.all(manifest.layers.map((layer) => unpackedSize(blob(layer))))),
      entries: listings.flatMap((listing) => listing.split('\n').filter((line) => line !== '')),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackedSize(layer: string): Promise<number> {
  let bytes = 0;
  await pipeline(createReadStream(layer), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) bytes += chunk.length;
  });
  return bytes;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
