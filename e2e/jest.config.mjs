import { jestConfig } from '../jest.preset.mjs';

// Whole rollouts take seconds, and minutes where they run as real processes. Most of those they wait, so more run at once than there are processors.
export default jestConfig('e2e', { testTimeout: 1_200_000, maxWorkers: 3, maxConcurrency: 8 });
