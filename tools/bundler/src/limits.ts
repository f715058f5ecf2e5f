import type { Metafile } from 'esbuild';

/** The maximum size of an app's bundle, in bytes, and the modules that it must not contain. */
export interface BundleLimits {
  readonly maxBytes: number;
  /** Parts of a module's path that must not occur. */
  readonly forbidden: readonly string[];
}

const GENERATED_MODELS = '@kubernetes/client-node/dist/gen/models';
const RUN_TIME_COMPILER = 'ajv/dist/compile';

const LIMITS: Readonly<Record<string, BundleLimits>> = {
  agent: {
    maxBytes: 250 * 1024,
    forbidden: [GENERATED_MODELS, RUN_TIME_COMPILER, '/undici/', '/express/', '/prom-client/', '@kubernetes/client-node'],
  },
  controller: { maxBytes: 1280 * 1024, forbidden: [GENERATED_MODELS, RUN_TIME_COMPILER, '/undici/'] },
  apiserver: { maxBytes: 1280 * 1024, forbidden: [GENERATED_MODELS, RUN_TIME_COMPILER, '/undici/'] },
};

/** The limits of an app. @throws Error for an app without any */
export function limitsOf(app: string): BundleLimits {
  const limits = LIMITS[app];
  if (limits === undefined) throw new Error(`no bundle limits for "${app}": expected one of ${Object.keys(LIMITS).join(', ')}`);
  return limits;
}

/** The problems of a bundle, one sentence each. */
export function bundleProblems(metafile: Metafile, bytes: number, limits: BundleLimits): string[] {
  const problems: string[] = [];
  if (bytes > limits.maxBytes) problems.push(`bundle of ${String(bytes)} bytes exceeds ${String(limits.maxBytes)}`);
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  for (const part of limits.forbidden) {
    const found = used.find((path) => path.includes(part));
    if (found !== undefined) problems.push(`bundle contains ${found}, which is not allowed`);
  }
  for (const { path } of Object.values(metafile.outputs).flatMap(({ imports }) => imports))
    problems.push(`bundle imports ${path} at run time`);
  return problems;
}
