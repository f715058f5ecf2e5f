import { systemClock } from '@brupop/ports';
import { Kubectl } from './cluster/kubectl.ts';
import { whatIsMissing } from './cluster/requirements.ts';
import { KubeApi } from './kube-api.ts';
import { parseOptions } from './options.ts';
import type { Options } from './options.ts';
import { runOnOwnCluster } from './own-cluster.ts';
import { Report } from './report.ts';
import { withStepDeadline } from './step-deadline.ts';
import { programsFor, stepsToRun } from './steps-to-run.ts';
import { STEPS } from './steps/index.ts';

const CANNOT_RUN = 3;

const parsed = parseOptions(process.argv.slice(2), { ci: process.env['CI'] === 'true', steps: STEPS.map(({ name }) => name) });
if ('problems' in parsed) {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(2);
}
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    stop.abort(new Error(`stopped by ${name}`));
  });
}
process.exit(await main(parsed.options, new Report(process.stdout)));

/** @returns the exit code: 0 if all steps passed, 1 if one failed, 3 if none could run */
async function main(options: Options, report: Report): Promise<number> {
  const steps = stepsToRun(STEPS, options.only);
  const { KUBECONFIG = '', E2E_HOSTS = '' } = process.env;
  const { signal } = stop;
  if (E2E_HOSTS === 'none' && KUBECONFIG !== '') {
    await runOnGivenCluster(steps, KUBECONFIG, report, options);
    return report.summary();
  }
  const line = (text: string): void => {
    report.line(text);
  };
  const missing = await whatIsMissing(options.install, line, programsFor(steps));
  if (missing.length > 0) {
    line(
      `${missing.join('\n')}\nThe real-cluster tests did not run. Or set KUBECONFIG and E2E_HOSTS=none for what can be run on a cluster of yours.`,
    );
    return CANNOT_RUN;
  }
  await runOnOwnCluster({
    steps,
    report,
    signal,
    stepTimeoutMs: options.stepTimeoutMs,
    ...(options.keep ? { keepUntil: aborted(stop.signal) } : {}),
  });
  return report.summary();
}

/** Runs the steps that need no nodes of ours, on an existing cluster. */
async function runOnGivenCluster(steps: typeof STEPS, kubeconfig: string, report: Report, { stepTimeoutMs }: Options): Promise<void> {
  const { signal } = stop;
  const api = await KubeApi.fromKubeconfig(kubeconfig, signal);
  const kubectl = new Kubectl('kubectl', kubeconfig, signal);
  for (const step of steps) {
    if (step.needs !== 'api') {
      report.line(`${step.name} needs hosts that can be rebooted, and does not run here`);
      continue;
    }
    await report.step(step.name, step.shows, () =>
      withStepDeadline(stepTimeoutMs, { clock: systemClock, signal }, (ofStep) =>
        step.run({
          api,
          kubectl,
          signal: ofStep,
          report: (text) => {
            report.line(text);
          },
        }),
      ),
    );
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  // Signal handlers alone do not keep a process alive.
  const alive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}
