import { jestConfig } from '../jest.preset.mjs';

// Whole rollouts take seconds, and minutes where they run as real processes; most of those they wait, so two files run at once.
export default jestConfig('e2e', { testTimeout: 1_200_000, maxWorkers: 2 });
