import { jestConfig } from '../../jest.preset.mjs';

/** What needs Helm: on the PATH, or named by HELM. */
export default jestConfig('yamlgen with helm', { testMatch: ['<rootDir>/src/**/*.helm-test.ts'] });
