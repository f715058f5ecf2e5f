import { jestConfig } from '../jest.preset.mjs';

// Whole rollouts take seconds, and minutes where they run as real processes.
export default jestConfig('e2e', { testTimeout: 240_000 });
