import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { removeCgroups } from './cgroups.ts';
import { removeNetworks } from './network.ts';

/** A place for one cluster on this machine: addresses, names and a folder that no other cluster uses. */
export interface Slot {
  readonly index: number;
  /** Name of its bridge and of its cgroup, and start of the names of its namespaces. */
  readonly name: string;
  readonly directory: string;
  /** Address of the machine on the cluster's network. */
  readonly hostIp: string;
  /** Releases the place, and removes everything in it. */
  release(): Promise<void>;
}

const SLOTS = 4;
const nameOf = (index: number): string => `brupop${index}`;
const directoryOf = (index: number): string => `/var/tmp/brupop-e2e-${index}`;

/**
 * Takes the first free place, and removes what killed runs have left in any.
 * A place is taken by listening on an abstract socket, which ends with the process, however it ends.
 * @throws Error if all places are taken
 */
export async function claimSlot(): Promise<Slot> {
  let claimed: Slot | undefined;
  for (let index = 0; index < SLOTS; index++) {
    const lock = await lockSlot(index);
    if (lock === undefined) continue;
    await clear(index);
    if (claimed === undefined) claimed = await openSlot(index, lock);
    else await unlock(lock);
  }
  if (claimed === undefined) throw new Error(`${SLOTS} clusters run on this machine already`);
  return claimed;
}

async function openSlot(index: number, lock: Server): Promise<Slot> {
  const directory = directoryOf(index);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    index,
    name: nameOf(index),
    directory,
    hostIp: `10.201.${index}.1`,
    release: async () => {
      await clear(index);
      await unlock(lock);
    },
  };
}

async function clear(index: number): Promise<void> {
  await removeCgroups(nameOf(index));
  await removeNetworks(nameOf(index));
  await rm(directoryOf(index), { recursive: true, force: true, maxRetries: 5 });
}

function lockSlot(index: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(`\0brupop-e2e-${index}`, () => {
      server.unref();
      resolve(server);
    });
  });
}

function unlock(lock: Server): Promise<void> {
  return new Promise((resolve) => {
    lock.close(() => {
      resolve();
    });
  });
}
