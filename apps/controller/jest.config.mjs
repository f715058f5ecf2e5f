import { jestConfig } from '../../jest.preset.mjs';

export default jestConfig('controller', {
  // Without 'import', which Jest adds itself where it imports: a CommonJS dependency of express must not be given ES modules.
  testEnvironmentOptions: { customExportConditions: ['@brupop/source', 'node'] },
});
