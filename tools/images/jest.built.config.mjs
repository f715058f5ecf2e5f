import { jestConfig } from '../../jest.preset.mjs';

/** What needs the images that target `image` has built into dist/images. */
export default jestConfig('built images', { testMatch: ['<rootDir>/src/**/*.built-test.ts'] });
