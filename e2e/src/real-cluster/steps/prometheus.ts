import { deepEqual } from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import { eventually } from '../eventually.ts';
import { METRICS_PAGE, PROMETHEUS_RESOURCES } from '../operator.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';

interface SampleObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

const PORT = 9090;
const ACCOUNT = 'prometheus-service-account';
const PERMISSIONS: readonly string[] = ['ServiceAccount', 'Role', 'RoleBinding'];

export const prometheus: ClusterStep = {
  name: 'prometheus',
  shows: 'a real Prometheus with the sample configuration and its permissions finds data for every documented metric; the rules load',
  needs: 'cluster',
  run: async (context) => {
    const { kubectl, cluster, signal, report } = context;
    await kubectl.run(['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', PROMETHEUS_RESOURCES]);
    const sample = await kubectl.parse<SampleObject>(PROMETHEUS_RESOURCES);
    await kubectl.apply(sample.filter(({ kind }) => PERMISSIONS.includes(kind)));
    const directory = await configure(context, sample.find(({ kind }) => kind === 'ConfigMap')?.data ?? {});
    const server = cluster.startBeside('prometheus', 'prometheus', [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=${cluster.hostIp}:${PORT}`,
    ]);
    try {
      const ask = <T>(path: string): Promise<T> => query<T>(`http://${cluster.hostIp}:${PORT}/api/v1/${path}`);
      const documented = await documentedMetrics();
      const lacking = async (): Promise<string[]> => {
        const known = new Set(await ask<string[]>('label/__name__/values'));
        return documented.filter((name) => !known.has(name) && !known.has(`${name}_count`));
      };
      await eventually(async () => (await lacking()).length === 0, {
        for: 'data of every documented metric',
        limitMs: 90_000,
        signal,
        instead: async () => `no data of ${(await lacking()).join(', ')}`,
      });
      const { groups } = await ask<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>('rules');
      const rules = groups.flatMap((group) => group.rules);
      deepEqual(
        rules.filter(({ health }) => health === 'err'),
        [],
      );
      const { activeTargets } = await ask<{ activeTargets: { health: string; lastError: string }[] }>('targets');
      deepEqual(
        activeTargets.filter(({ health }) => health !== 'up').map(({ lastError }) => lastError),
        [],
        'every target answers',
      );
      report(`${documented.length} metrics, ${rules.length} rules, ${activeTargets.length} targets`);
    } finally {
      await server.stop();
      await kubectl.run(['delete', '--ignore-not-found', '-f', PROMETHEUS_RESOURCES]);
    }
  },
};

/** Writes the sample's files as they are, but for what differs outside of the cluster: credentials, folder, and less patience. */
async function configure({ kubectl, cluster }: ClusterContext, files: Readonly<Record<string, string>>): Promise<string> {
  const directory = join(cluster.directory, 'prometheus');
  await mkdir(directory, { recursive: true });
  const token = await kubectl.run(['create', 'token', ACCOUNT, '--namespace', DEFAULT_NAMESPACE]);
  const kubeconfig = join(directory, 'kubeconfig');
  const admin = JSON.parse(await readFile(kubectl.kubeconfig, 'utf8')) as object;
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'user', user: { token: token.trim() } }] }), { mode: 0o600 });
  for (const [name, text] of Object.entries(files)) {
    const adapted = text
      .replaceAll(/^( *)- role: .*$/gm, `$&\n$1  kubeconfig_file: ${kubeconfig}`)
      .replaceAll('/etc/prometheus/', `${directory}/`)
      .replaceAll(/^( *(?:scrape|evaluation)_interval:).*$/gm, '$1 2s');
    await writeFile(join(directory, name), adapted);
  }
  return directory;
}

/** Names in docs/metrics.md, less those that are documented to be absent at times. */
async function documentedMetrics(): Promise<string[]> {
  const page = await readFile(METRICS_PAGE, 'utf8');
  const rows = page.split('\n').filter((line) => !line.includes('; absent'));
  return [...new Set(rows.flatMap((line) => /^\| `(\w+)`/.exec(line)?.[1] ?? []))];
}

async function query<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return ((await response.json()) as { data: T }).data;
}
