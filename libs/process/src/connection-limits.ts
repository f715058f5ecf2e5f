import { totalmem } from 'node:os';
import type { ConnectionLimits } from './connection-guard.ts';

const MIB = 2 ** 20;
/** What a TLS connection takes of the memory of a process and of its kernel, measured with thousands that are idle. */
const BYTES_OF_CONNECTION = 66_000;
/** What a server needs besides. */
const BYTES_BESIDES = 128 * MIB;
const [FEWEST, MOST] = [500, 10_000];

/** The limits that a server with so much memory can keep; of 512 MiB: 6,100 connections, so that 5,000 agents and strangers fit beside each other. */
export function connectionLimits(memoryBytes: number): ConnectionLimits {
  const total = Math.min(MOST, Math.max(FEWEST, Math.floor((memoryBytes - BYTES_BESIDES) / BYTES_OF_CONNECTION)));
  const strangers = Math.floor(total / 4);
  return { total, strangers, strangersOfSource: Math.min(512, Math.ceil(strangers / 2)), ofOwner: 8 };
}

/** For a server that is asked by few, such as one of metrics. */
export const FEW_CONNECTIONS: ConnectionLimits = { total: 256, strangers: 256, strangersOfSource: 128, ofOwner: 8 };

/** The memory that this process may use: the limit of its cgroup, if it has one. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
