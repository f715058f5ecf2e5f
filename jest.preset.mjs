/**
 * One Jest configuration for every project: native ESM, TypeScript through SWC, packages resolved to their sources.
 * @param {string} displayName the project's folder name
 * @param {import('jest').Config} [overrides]
 * @returns {import('jest').Config}
 */
export function jestConfig(displayName, overrides = {}) {
  return {
    displayName,
    testEnvironment: 'node',
    testEnvironmentOptions: { customExportConditions: ['@brupop/source', 'node'] },
    testMatch: ['<rootDir>/src/**/*.test.ts'],
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } }] },
    // A limit for what hangs, not for what is slow: the machine may have other work.
    testTimeout: 60_000,
    coverageReporters: ['text-summary'],
    collectCoverageFrom: ['<rootDir>/src/**/*.ts', '!**/generated/**', '!**/*.test.ts', '!**/index.ts'],
    ...overrides,
  };
}
