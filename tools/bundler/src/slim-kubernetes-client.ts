import type { Plugin } from 'esbuild';

/** Modules that `KubeConfig` imports but never needs here; together 33 MiB of memory. */
const STUBBED = [
  'openid-client',
  'ws',
  'isomorphic-ws',
  'tar-fs',
  'undici',
  'stream-buffers',
  'hpagent',
  'socks-proxy-agent',
  'http-proxy-agent',
  'https-proxy-agent',
  'node-fetch',
  'form-data',
];

/**
 * Keeps only what the operator uses of `@kubernetes/client-node`: declares it free of side effects, so that its generated models are
 * tree-shaken, and replaces clients with which it would open connections by stubs that throw when called.
 */
export const slimKubernetesClient: Plugin = {
  name: 'slim-kubernetes-client',
  setup(build) {
    const names = STUBBED.join('|');
    build.onResolve({ filter: new RegExp(`^(?:${names})(?:/.*)?$`) }, ({ path }) => ({ path, namespace: 'stub', sideEffects: false }));
    build.onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({
      contents: `const absent = () => { throw new Error(${JSON.stringify(`${path} is not part of this bundle`)}); };
module.exports = new Proxy(absent, { get: (_, key) => (key === '__esModule' ? false : class { constructor() { absent(); } }) });`,
      loader: 'js',
    }));
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved') return undefined;
      const found = await build.resolve(path, { resolveDir, kind, pluginData: 'resolved' });
      return { ...found, sideEffects: false };
    });
    build.onResolve({ filter: /^\.\.?\//, namespace: 'file' }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      if (pluginData === 'resolved' || !importer.includes('@kubernetes/client-node')) return undefined;
      const found = await build.resolve(path, { importer, resolveDir, kind, namespace: 'file', pluginData: 'resolved' });
      return { ...found, sideEffects: false };
    });
  },
};
