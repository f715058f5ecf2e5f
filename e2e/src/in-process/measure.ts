import { performance } from 'node:perf_hooks';
import { Fleet } from './fleet.ts';

/** Sizes of fleets, and how many nodes may be updated at a time. */
const FLEETS: readonly (readonly [nodes: number, maxConcurrentUpdates: number])[] = [
  [10, 1],
  [50, 5],
  [100, 10],
];

for (const [nodes, maxConcurrentUpdates] of FLEETS) {
  const fleet = new Fleet({ nodes, policy: { maxConcurrentUpdates }, webReplicas: 12 });
  const before = { cpu: process.cpuUsage(), realMs: performance.now() };
  const updated = await fleet.rollOut();
  const { user, system } = process.cpuUsage(before.cpu);
  const cpuSeconds = (user + system) / 1e6;
  const realSeconds = (performance.now() - before.realMs) / 1000;
  fleet.stop();
  if (!updated) throw new Error(`${String(nodes)} nodes were not updated`);
  const minutes = fleet.clock.monotonic() / 60_000;
  process.stdout.write(
    `${String(nodes)} nodes, ${String(maxConcurrentUpdates)} at a time: ${minutes.toFixed(0)} simulated minutes in ${realSeconds.toFixed(1)} s, ` +
      `${(nodes / realSeconds).toFixed(1)} updates a second (${(nodes / cpuSeconds).toFixed(1)} a second of CPU)\n`,
  );
}
