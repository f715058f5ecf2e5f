import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '@brupop/ports';
import { freePort } from '@brupop/simulator';
import type { LargeCluster } from './large-cluster.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { startMeasured } from './measured-process.ts';

/** A controller, or a baseline of it. */
export interface StartedProcess {
  readonly process: MeasuredProcess;
  /** Milliseconds from its start until it was ready, or until it was killed. */
  readonly syncMs: number;
}

const SYNC_LIMIT_MS = 120_000;

/**
 * Starts Node.js with these arguments on a cluster.
 * @throws Error if it is not ready within two minutes
 */
export async function startOn(cluster: LargeCluster, args: readonly string[], limitMiB: number): Promise<StartedProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'bp-'));
  const file = join(directory, 'kubeconfig');
  await writeFile(file, cluster.kubeconfig);
  const port = await freePort();
  const env = {
    KUBECONFIG: file,
    METRICS_PORT: String(port),
    BIND_ADDRESS: '127.0.0.1',
    MY_NODE_NAME: 'none',
    CERTIFICATES: 'provided',
    LOGGING_FORMATTER: 'json',
    TRACING_FILTER_DIRECTIVE: 'error',
  };
  const startedMs = performance.now();
  const process = startMeasured(args, env, limitMiB);
  try {
    await ready(port, process);
    return { process, syncMs: performance.now() - startedMs };
  } catch (error) {
    await process.stop();
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Resolves when it is ready, or has been killed. */
async function ready(port: number, process: MeasuredProcess): Promise<void> {
  const endMs = performance.now() + SYNC_LIMIT_MS;
  const isReady = (): Promise<boolean> =>
    new Promise((resolve) => {
      get({ host: '127.0.0.1', port, path: '/readyz' }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      }).once('error', () => {
        resolve(false);
      });
    });
  while (!process.wasKilled() && !(await isReady())) {
    if (performance.now() > endMs) throw new Error('the process did not get ready');
    await sleep(systemClock, 5);
  }
}
