import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type { Component } from '@brupop/manifests';
import type { Endpoint } from '@brupop/simulator';
import { CannotMeasure } from '@brupop/e2e';

/** The binary of each process of Brupop 1.x. */
export type LegacyBinaries = Readonly<Record<Component, string>>;

/** The address at which Brupop 1.x connects to `kubernetes.default.svc`; its port is fixed. */
export const KUBERNETES: Endpoint = { host: '127.0.0.2', port: 443 };
/** The address of the metrics of Brupop 1.x's controller. */
const CONTROLLER: Endpoint = { host: '0.0.0.0', port: 8080 };

/** Properties of the machine that the binaries need. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** undefined on a system without user ids. */
  readonly uid: number | undefined;
  /** @returns why processes cannot get their own files at fixed paths; undefined if they can */
  mountProblem(): string | undefined;
  /** @returns why nothing can listen there; undefined if something can */
  listenProblem(at: Endpoint): Promise<string | undefined>;
}

const THIS_MACHINE: Machine = {
  platform: process.platform,
  uid: process.getuid?.(),
  mountProblem: () => {
    const { error, status, stderr } = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/etc'], { encoding: 'utf8' });
    if (error !== undefined) return error.message;
    return status === 0 ? undefined : stderr.trim();
  },
  listenProblem: ({ host, port }) =>
    new Promise((resolve) => {
      const server = createServer();
      server.once('error', ({ message }) => {
        resolve(message);
      });
      server.listen(port, host, () => {
        server.close(() => {
          resolve(undefined);
        });
      });
    }),
};

/**
 * Finds the binaries of Brupop 1.x.
 * @param directory the value of `LEGACY_BIN`; undefined or empty means none
 * @throws {@link CannotMeasure} if files are missing, or cannot be run on this machine
 */
export async function findLegacy(directory: string | undefined, machine: Machine = THIS_MACHINE): Promise<LegacyBinaries | undefined> {
  if (directory === undefined || directory === '') return undefined;
  const refuse = (problem: string): never => {
    throw new CannotMeasure(
      `LEGACY_BIN: expected a folder with the executable files agent, apiserver and controller of Brupop 1.x, got ${directory}: ${problem}`,
    );
  };
  const binary = (name: Component): string => {
    const path = join(resolve(directory), name);
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
    if (isFile !== true) return refuse(isFile === undefined ? `there is no ${path}` : `${path} is no file`);
    try {
      accessSync(path, constants.X_OK);
    } catch {
      return refuse(`${path} is not executable`);
    }
    return path;
  };
  const binaries = { agent: binary('agent'), apiserver: binary('apiserver'), controller: binary('controller') };
  const needs =
    'LEGACY_BIN: Brupop 1.x finds its files at fixed paths, so each of its processes gets a mount namespace of its own, for which';
  if (machine.platform !== 'linux') throw new CannotMeasure(`${needs} Linux is needed; this is ${machine.platform}`);
  if (machine.uid !== 0) throw new CannotMeasure(`${needs} this has to be run as root`);
  const problem = machine.mountProblem();
  if (problem !== undefined) throw new CannotMeasure(`${needs} unshare(1) and mount(8) must be able to make one: ${problem}`);
  for (const at of [KUBERNETES, CONTROLLER]) {
    const taken = await machine.listenProblem(at);
    if (taken !== undefined) throw new CannotMeasure(`LEGACY_BIN: Brupop 1.x needs ${at.host}:${String(at.port)} for itself: ${taken}`);
  }
  return binaries;
}
