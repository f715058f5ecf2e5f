import { hostname } from 'node:os';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { loadKube } from '@brupop/kube-config';
import { FollowingClock, sleep, systemClock, systemRandom as random, type Logger } from '@brupop/ports';
import {
  collectProcessMetrics,
  createProcessLogger,
  FEW_CONNECTIONS,
  loadConfig,
  parseConfig,
  runProcess,
  secretVolume,
  serve,
  tlsFiles,
} from '@brupop/process';
import { createApiserver } from './apiserver.ts';
import { CONFIG, listenAddress } from './config.ts';

// New connections arrive until kube-proxy has removed this replica's endpoint on every node.
const LEAVE_MS = 3_000;
// A bounded step takes 10 s.
const GRACE_MS = 15_000;

async function main(signal: AbortSignal, log: Logger): Promise<void> {
  const config = loadConfig(CONFIG, process.env);
  const { http, namespace = DEFAULT_NAMESPACE } = loadKube();
  const clock = new FollowingClock(systemClock);
  const onDate = clock.follow.bind(clock);
  const client = createKubeClient({ http, clock, userAgent: 'brupop-apiserver', onDate });
  const { app, metrics, metricsApp, run } = createApiserver({
    client,
    clock,
    random,
    log,
    namespace,
    identity: hostname(),
    drainPolicy: { timeoutMs: config.drainTimeoutMs, onTimeout: config.drainTimeoutAction },
  });
  collectProcessMetrics(metrics);
  const host = listenAddress(config);
  const tls = tlsFiles({
    files: secretVolume(config.tlsDir),
    clock,
    log,
    onChange: ({ cert, key }) => {
      server.setSecureContext({ ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
    },
  });
  const { cert = '', key = '' } = tls.material();
  const server = await serve(app, { port: config.port, host, tls: { cert, key }, log });
  const metricsServer = await serve(metricsApp, { port: config.metricsPort, host, limits: { connections: FEW_CONNECTIONS }, log });
  await run(signal).finally(async () => {
    tls.close();
    await sleep(clock, LEAVE_MS);
    await Promise.all([server.close(GRACE_MS), metricsServer.close(0)]);
  });
}

// The logger must exist before the configuration is known to be valid, because it reports what is invalid.
const parsed = parseConfig(CONFIG, process.env);
const log = createProcessLogger('apiserver', parsed);
await runProcess((signal) => main(signal, log), { log, terminationLog: process.env['TERMINATION_LOG'] });
