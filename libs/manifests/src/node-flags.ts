import type { Component } from './objects.ts';

/**
 * How each process is started: `node <flags> <bundle>`, on the command line, for not all of them count in NODE_OPTIONS. In MiB; Node.js
 * would size its heap by the memory of the whole node, and its thread pool by the CPUs.
 */
export const NODE_FLAGS: Readonly<Record<Component, readonly string[]>> = {
  // An agent has next to nothing to compute, but every page of a compiler that it runs takes room in its small cgroup (ADR 17).
  agent: [...flags({ semiSpace: 1, oldSpace: 24 }), '--jitless'],
  // About 3 KiB a node that is watched; with 48 MiB the heap of 20,000 nodes has no room. Every plan leaves megabytes of garbage: the heap
  // is to grow by little before it is collected. That needs incremental marking: without, V8 lets what outlives a scavenge pile up towards
  // the limit (103 MiB instead of 45 while 2,000 nodes joined in half a minute). Its second look for garbage, after 8 s, would follow every
  // other plan of an idle fleet.
  controller: [...flags({ semiSpace: 1, oldSpace: 160 }), '--optimize-for-size', '--gc-memory-reducer-start-delay-ms=60000'],
  apiserver: flags({ semiSpace: 2, oldSpace: 96 }),
};

/**
 * What each process finds in its environment besides its settings: how the C library is to keep its memory. One arena, for there is one
 * thread that allocates; and blocks from 32 KiB on are taken from the system and returned to it, each by itself. A TLS connection has one
 * of 64 KiB of which it touches the first pages: cut out of memory that was used before, all of it would be there (a seventh of an
 * apiserver that holds 1,667 agents).
 */
export const PROCESS_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TOP_PAD_: '32768',
};

function flags({ semiSpace, oldSpace }: { readonly semiSpace: number; readonly oldSpace: number }): readonly string[] {
  return [`--max-semi-space-size=${String(semiSpace)}`, `--max-old-space-size=${String(oldSpace)}`, '--v8-pool-size=1'];
}
