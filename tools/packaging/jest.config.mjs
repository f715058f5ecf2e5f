import { jestConfig } from '../../jest.preset.mjs';

// Packages are built, packed, installed and run.
export default jestConfig('packaging', { testTimeout: 240_000 });
