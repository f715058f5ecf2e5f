import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeHttpClient, systemClock, systemRandom } from '@brupop/ports';
import { createProcessLogger, loadConfig, parseConfig, runProcess, tlsFiles } from '@brupop/process';
import { createAgent } from './agent.ts';
import { serveReadiness } from './serve-readiness.ts';
import { apiserverUrlOf, CONFIG, settingsOf } from './config.ts';

// Above the 135 s that a long poll may take.
const RESPONSE_TIMEOUT_MS = 150_000;

const parsed = parseConfig(CONFIG, process.env);
const log = createProcessLogger('agent', parsed);

await runProcess(
  async (signal) => {
    const config = loadConfig(CONFIG, process.env);
    const tls = tlsFiles({ files: { ca: join(config.tlsDir, 'ca.crt') }, clock: systemClock, log });
    const apiserver = nodeHttpClient({
      baseUrl: apiserverUrlOf(config),
      // While every node is cordoned, the DNS of the cluster may have no node to run on.
      fallbackAddress: config.apiserverUrl === undefined ? config.apiserverAddress : undefined,
      tls: () => tls.secureContext(),
      responseTimeoutMs: RESPONSE_TIMEOUT_MS,
    });
    const host = nodeHttpClient({ socketPath: config.hostSocket, keepAlive: false });
    const agent = createAgent({
      apiserver,
      host,
      clock: systemClock,
      random: systemRandom,
      log,
      settings: settingsOf(config),
      nodeName: config.nodeName,
      readToken: () => readFileSync(config.tokenPath, 'utf8').trim(),
      readBootId: () => readFileSync(config.bootIdPath, 'utf8').trim(),
    });
    const readiness = await serveReadiness(agent.problem, config.readinessPort, log);
    try {
      await agent.run(signal);
    } finally {
      readiness.close();
      tls.close();
      apiserver.close();
      host.close();
    }
  },
  { log, terminationLog: parsed.ok ? parsed.config.terminationLog : process.env['TERMINATION_LOG'] },
);
