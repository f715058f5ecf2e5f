import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const ALL_SHIPPED = ['port', 'shape', 'model', 'core', 'adapter', 'process'].map((kind) => `kind:${kind}`);

/** What each kind of project may import. See docs/adr/0001 and 0033. */
const boundaries = [
  { sourceTag: 'kind:port', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'kind:shape', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'kind:model', onlyDependOnLibsWithTags: ['kind:shape', 'kind:model'] },
  { sourceTag: 'kind:core', onlyDependOnLibsWithTags: ['kind:shape', 'kind:model'] },
  // Usable in any other project: adapters know neither the shadow nor the operator's names, and bring neither winston nor prom-client.
  { sourceTag: 'kind:adapter', onlyDependOnLibsWithTags: ['kind:port', 'kind:shape', 'kind:adapter'] },
  { sourceTag: 'kind:process', onlyDependOnLibsWithTags: ['kind:port', 'kind:adapter'] },
  { sourceTag: 'kind:app', onlyDependOnLibsWithTags: ALL_SHIPPED },
  { sourceTag: 'kind:test', onlyDependOnLibsWithTags: [...ALL_SHIPPED, 'kind:test', 'kind:app', 'kind:tool'] },
  { sourceTag: 'kind:tool', onlyDependOnLibsWithTags: [...ALL_SHIPPED, 'kind:app', 'kind:test'] },
];

const pure = ['kube-objects', 'crd-models', 'agent-api', 'manifests', 'state-machine'].map((library) => `libs/${library}/src/**/*.ts`);

export default tseslint.config(
  { ignores: ['**/dist/', '**/generated/', '.nx/', 'coverage/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: boundaries, allow: [], enforceBuildableLibDependency: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-console': 'error',
      // Prettier wraps code, and leaves comments and texts alone.
      'max-len': ['error', { code: 1_000, comments: 140, ignoreUrls: true }],
    },
  },
  {
    // Tests may run what ships against the simulator; what ships does not know it.
    files: ['**/*.test.ts', '**/src/testing/**/*.ts'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  {
    // What ships imports each module once; types are marked where they are named.
    files: ['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.fixture.ts', '**/src/testing/**', 'libs/simulator/**'],
    rules: { 'no-duplicate-imports': 'error' },
  },
  {
    // Decisions take values and give values: no clock, no chance, no machine.
    files: pure,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*'], message: 'Decisions and models do not touch the machine.' }] }],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take `now` as a value.' },
        { object: 'Math', property: 'random', message: 'Take chance as a value.' },
      ],
    },
  },
  {
    // Merely reading these loads an HTTP client of 2 MiB into every agent.
    files: [
      'apps/agent/src/**/*.ts',
      'libs/ports/src/**/*.ts',
      'libs/process/src/**/*.ts',
      'libs/bottlerocket-api/src/**/*.ts',
      'libs/agent-api/src/**/*.ts',
    ],
    rules: { 'no-restricted-globals': ['error', 'fetch', 'FormData', 'Headers', 'Response', 'Request', 'WebSocket', 'EventSource'] },
  },
  {
    // Answers of the Kubernetes API, of every kind, are looked into as they come.
    files: ['e2e/src/contract/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
);
