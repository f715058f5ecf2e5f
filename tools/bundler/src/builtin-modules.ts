import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * Imports Node's built-in modules as CommonJS does. An ESM `import` reads every property of a module, including lazy ones: for
 * `WebSocket`, `node:http` would load HTTP/2 and a second HTTP client (5 MiB); `node:tls` would convert all root certificates (1 MiB).
 */
export const builtinModules: Plugin = {
  name: 'builtin-modules',
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path }) => {
      if (!isBuiltin(path)) return undefined;
      return { path: path.replace(/^(?:node:)?/, 'node:'), namespace: 'builtin', sideEffects: false };
    });
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};
