import { totalmem } from 'node:os';
import type { ConnectionLimits } from './connection-guard.ts';

const MIB = 2 ** 20;
/** Memory of a TLS connection in the process and the kernel, measured with thousands of idle ones. */
const CONNECTION_BYTES = 66_000;
/** Memory that a server needs for everything else. */
const OTHER_BYTES = 128 * MIB;
const [FEWEST, MOST] = [500, 10_000];

/** The limits for a memory size. For 512 MiB: 6,100 connections, enough for 5,000 agents and unknown callers. */
export function connectionLimits(memoryBytes: number): ConnectionLimits {
  const total = Math.min(MOST, Math.max(FEWEST, Math.floor((memoryBytes - OTHER_BYTES) / CONNECTION_BYTES)));
  const strangers = Math.floor(total / 4);
  return { total, strangers, strangersOfSource: Math.min(512, Math.ceil(strangers / 2)), ofOwner: 8 };
}

/** For a server with few clients, such as that of the metrics. */
export const FEW_CONNECTIONS: ConnectionLimits = { total: 256, strangers: 256, strangersOfSource: 128, ofOwner: 8 };

/** The memory that this process may use: the limit of its cgroup, or all of the machine. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
