import { jestConfig } from '../jest.preset.mjs';

export default jestConfig('bench', { testMatch: ['<rootDir>/*.test.ts'] });
