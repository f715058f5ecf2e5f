/** Settings of a build of images. */
export interface BuildSettings {
  /** Base image; undefined for the stand-in, made from the Node.js that runs the tests. */
  readonly base: string | undefined;
  /** Path of Node.js in the base. */
  readonly node: string;
  readonly architecture: Architecture;
  /** Timestamp of everything in the image, in seconds since 1970; undefined for that of the commit. */
  readonly epoch: number | undefined;
}

export type Architecture = 'amd64' | 'arm64';

export type ParsedBuildSettings =
  { readonly ok: true; readonly settings: BuildSettings } | { readonly ok: false; readonly problems: readonly string[] };

/** OCI names of the architectures, by the names of Node.js. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Reads the settings from the environment: BASE_IMAGE, BASE_IMAGE_NODE, IMAGE_ARCH and SOURCE_DATE_EPOCH.
 * @param machine architecture of this machine, as in `process.arch`
 */
export function parseBuildSettings(env: Readonly<Record<string, string | undefined>>, machine: string): ParsedBuildSettings {
  const problems: string[] = [];
  const read = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const problem = (name: string, expected: string): void => {
    problems.push(`${name}: expected ${expected}, got ${JSON.stringify(read(name) ?? '')}`);
  };
  const base = read('BASE_IMAGE');
  const own = ARCHITECTURES[machine];
  const architecture = Object.values(ARCHITECTURES).find((known) => known === (read('IMAGE_ARCH') ?? own));
  if (architecture === undefined) problem('IMAGE_ARCH', '"amd64" or "arm64"');
  if (base === undefined && architecture !== undefined && own !== undefined && architecture !== own) {
    problem('BASE_IMAGE', `an image of ${architecture}, as the stand-in can be made for ${own} only`);
  }
  const node = read('BASE_IMAGE_NODE') ?? '/nodejs/bin/node';
  if (!/^\/[^\s]+$/.test(node)) problem('BASE_IMAGE_NODE', 'an absolute path');
  const epoch = read('SOURCE_DATE_EPOCH');
  if (epoch !== undefined && !/^\d{1,10}$/.test(epoch)) problem('SOURCE_DATE_EPOCH', 'seconds since 1970');
  if (problems.length > 0 || architecture === undefined) return { ok: false, problems };
  return { ok: true, settings: { base, node, architecture, epoch: epoch === undefined ? undefined : Number(epoch) } };
}
