import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { createKubeClient } from '@brupop/kube-runtime';
import { loadKube } from '@brupop/kube-config';
import { FollowingClock, systemClock, systemRandom } from '@brupop/ports';
import { collectProcessMetrics, ConfigError, createProcessLogger, FEW_CONNECTIONS, runProcess, serve } from '@brupop/process';
import { parseControllerConfig } from './config.ts';
import { createController } from './controller.ts';

const parsed = parseControllerConfig(process.env);
const log = createProcessLogger('controller', parsed);

await runProcess(
  async (signal) => {
    if (!parsed.ok) throw new ConfigError(parsed.problems);
    const { config, policy } = parsed;
    const { http, namespace = DEFAULT_NAMESPACE } = loadKube();
    const clock = new FollowingClock(systemClock);
    const controller = createController({
      client: createKubeClient({ http, clock, userAgent: 'brupop-controller', onDate: clock.follow.bind(clock) }),
      clock,
      random: systemRandom,
      log,
      policy,
      certificates: {
        source: config.certificates,
        names: config.certificateNames,
        propagationMs: config.certificatePropagationMs,
      },
      namespace,
      nodeName: config.nodeName,
      identity: `${hostname()}_${randomUUID()}`,
    });
    collectProcessMetrics(controller.metrics);
    const server = await serve(controller.app, { port: config.metricsPort, limits: { connections: FEW_CONNECTIONS }, log });
    try {
      await controller.run(signal);
    } finally {
      await server.close(2_000);
    }
  },
  { log, terminationLog: process.env['TERMINATION_LOG'] },
);
