import { runChaos } from './run-chaos.ts';

// Runs the seeds from the first argument to the second, and prints each that fails.
const [from = 1, to = from + 99] = process.argv.slice(2).map(Number);
let wrong = 0;
for (let seed = from; seed <= to; seed++) {
  const report = await runChaos(seed);
  if (report.violations.length + report.unfinished.length === 0) continue;
  wrong++;
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
}
process.stdout.write(`${String(to - from + 1)} seeds, ${String(wrong)} went wrong\n`);
process.exitCode = wrong === 0 ? 0 : 1;
