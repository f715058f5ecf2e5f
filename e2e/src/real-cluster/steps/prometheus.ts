import { deepEqual, equal, ok } from 'node:assert/strict';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { MetricDefinition } from '@brupop/process';
import { METRICS } from '@brupop/docs';
import { buildPrometheusImage } from '../cluster/images.ts';
import { run } from '../cluster/run.ts';
import { eventually } from '../eventually.ts';
import { blockedDrain, updated } from '../fleet.ts';
import { podsOf, TELEMETRY_MANIFEST } from '../operator.ts';
import { PrometheusApi } from '../prometheus-api.ts';
import type { ClusterContext, ClusterStep } from '../step.ts';
import { POD_OF_WEB, webObjects } from '../workload.ts';

interface Sample {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } } };
}

/** What Brupop's documented metrics without data after a rollout wait for. */
const WITHOUT_DATA: Readonly<Record<string, string>> = {
  brupop_update_window_next_opening_timestamp_seconds: 'a window that is closed',
  brupop_update_window_closing_timestamp_seconds: 'a window that closes',
  brupop_estimated_finish_timestamp_seconds: 'an update to be measured while others are to come; here that may pass between two scrapes',
};
/** What those wait for that are always 0. */
const NOTHING_COUNTED: Readonly<Record<string, string>> = {
  brupop_hosts_stuck: 'a step that takes longer than it may',
  brupop_updates_failed_total: 'an update that fails',
  brupop_reconcile_failures_total: 'a reconcile that fails',
  brupop_queue_depth: 'a scrape in the very moment',
  brupop_watch_restarts_total: 'a watch that ends, which takes minutes',
  brupop_apiserver_denials_total: 'a caller without a good token',
  brupop_apiserver_reports_reduced_total: 'an agent that reports what it may not write',
  brupop_hosts_update_check_failing: 'half an hour without a good check for updates',
  brupop_apiserver_evictions_total: 'a replica to be scraped between an eviction by it and its own',
  http_server_active_requests: 'a scrape in the very moment',
};
/** Metrics that are not 0 while a drain is blocked. */
const WHILE_DRAINING = [
  'brupop_hosts_unavailable',
  'brupop_update_slots_used',
  'brupop_drains_blocked',
  'brupop_apiserver_drain_steps_blocked_total',
];
/** Labels that discovery and scraping add to those of a process. */
const OF_THE_SCRAPE = new Set(['__name__', 'job', 'instance', 'pod']);

/** The user of Prometheus in the sample. */
const NOBODY_UID = 65_534;
const READY_MS = 180_000;
const ROLLOUT_MS = 900_000;
const SCRAPED_MS = 120_000;
const MOST_ROLLOUTS = 4;

export const prometheus: ClusterStep = {
  name: 'prometheus',
  shows: 'a Prometheus deployed by the sample manifest has data of every documented metric after a rollout; its rules load',
  needs: 'cluster',
  programs: ['prometheus', 'promtool'],
  run: async (context) => {
    const { kubectl, cluster, report, signal } = context;
    await checkWithPromtool(context);
    const volume = await provideVolume(context);
    try {
      await kubectl.run(['apply', '-f', TELEMETRY_MANIFEST]);
      await kubectl.run(
        ['rollout', 'status', '--namespace', DEFAULT_NAMESPACE, '--timeout=180s', 'deployment/prometheus-deployment'],
        undefined,
        READY_MS + 10_000,
      );
      const api = new PrometheusApi(context);
      await everyPodIsScraped(context, api);
      // What a process has counted is gone when a drain moves it before the next scrape; the next rollout moves others.
      for (let rollout = 1, left: readonly string[] = ['']; left.length > 0; rollout++) {
        await rolloutWhileScraped(context, api);
        left = await lackingAfterScrapes(api, signal);
        ok(left.length === 0 || rollout < MOST_ROLLOUTS, `after ${rollout} rollouts:\n${left.join('\n')}`);
      }
      await everyPodIsScraped(context, api);
      const rules = await api.rules();
      deepEqual(
        rules.filter(({ health }) => health !== 'ok'),
        [],
        'every rule can be evaluated',
      );
      deepEqual(
        rules.filter(({ state = 'inactive' }) => state === 'firing').map(({ name }) => name),
        [],
        'no alert fires',
      );
      // For five minutes, what a controller has shown counts too that moved while Prometheus itself was moving.
      ok(((await api.value('brupop:hosts:count')) ?? 0) >= cluster.managed.length, 'the number of hosts is recorded');
      report(`${METRICS.flatMap(({ metrics }) => metrics).length} metrics have data, ${rules.length} rules are evaluated`);
    } finally {
      await kubectl.apply(webObjects());
      await kubectl.run(['delete', '--ignore-not-found', '-f', TELEMETRY_MANIFEST]);
      await kubectl.run(['delete', '--ignore-not-found', 'persistentvolume', volume]);
    }
  },
};

/** Updates all nodes; the first drain with a pod of the workload is prolonged until the next scrape, up to half a minute later. */
async function rolloutWhileScraped(context: ClusterContext, api: PrometheusApi): Promise<void> {
  const { kubectl, releases, signal } = context;
  const version = releases.publish();
  await kubectl.apply(webObjects({ maxUnavailable: 0 }));
  await blockedDrain(context, POD_OF_WEB, ROLLOUT_MS);
  const hasData = async (): Promise<boolean> => {
    const values = await Promise.all(WHILE_DRAINING.map((name) => api.value(`max(${name})`)));
    return values.every((value = 0) => value > 0);
  };
  await eventually(hasData, { for: `data of ${WHILE_DRAINING.join(', ')}`, limitMs: SCRAPED_MS, signal });
  await kubectl.apply(webObjects());
  await updated(context, version, ROLLOUT_MS);
}

/** The problems of each metric after some scrapes. */
async function lackingAfterScrapes(api: PrometheusApi, signal: AbortSignal): Promise<readonly string[]> {
  let left: readonly string[] = [];
  const isComplete = async (): Promise<boolean> => {
    left = await lacking(api);
    return left.length === 0;
  };
  await eventually(isComplete, { for: 'data of every documented metric', limitMs: SCRAPED_MS, signal }).catch(() => undefined);
  signal.throwIfAborted();
  return left;
}

/** Checks the unmodified sample with `promtool`. */
async function checkWithPromtool({ kubectl, cluster, report }: ClusterContext): Promise<void> {
  const sample = await kubectl.parse<Sample>(TELEMETRY_MANIFEST);
  const directory = join(cluster.directory, 'prometheus');
  await mkdir(directory, { recursive: true });
  const files = sample.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, name), text.replaceAll('/etc/prometheus/', `${directory}/`));
  report((await run(cluster.binaries.promtool, ['check', 'config', '--lint-fatal', join(directory, 'prometheus.yml')])).trim());
}

/** Creates what users' clusters have and this one lacks: a volume for the claim, and the image. @returns the volume's name */
async function provideVolume({ kubectl, cluster }: ClusterContext): Promise<string> {
  const sample = await kubectl.parse<Sample>(TELEMETRY_MANIFEST);
  const image = sample.flatMap(({ spec }) => spec?.template?.spec.containers ?? [])[0]?.image ?? '';
  const version = await run(cluster.binaries.prometheus, ['--version']);
  equal(image.split(':v')[1], /version (\S+)/.exec(version)?.[1], 'the version that the sample names is the one that is tested');
  const archive = await buildPrometheusImage(cluster.binaries, cluster.directory, image);
  for (const { node } of cluster.managed) await node.importImage(archive);
  // All nodes share this machine's disk, so Prometheus can continue on any node when its own is drained.
  const path = join(cluster.directory, 'prometheus-data');
  await mkdir(path);
  await chown(path, NOBODY_UID, NOBODY_UID);
  const name = 'prometheus';
  await kubectl.apply([
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: { capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path } },
    },
  ]);
  return name;
}

async function everyPodIsScraped({ kubectl, signal }: ClusterContext, api: PrometheusApi): Promise<void> {
  const complaint = async (): Promise<string> => {
    const targets = await api.targets();
    const down = targets.filter(({ health }) => health !== 'up').map(({ scrapeUrl, lastError }) => `${scrapeUrl}: ${lastError}`);
    const scraped = targets.map(({ labels }) => labels['pod'] ?? '').sort();
    const pods = (await Promise.all(['brupop-controller', 'apiserver'].map((component) => podsOf(kubectl, component)))).flat();
    const there = pods.map(({ metadata }) => metadata.name).sort();
    return down.length > 0
      ? down.join('\n')
      : scraped.join() === there.join()
        ? ''
        : `scraped ${scraped.join()}, there are ${there.join()}`;
  };
  await eventually(async () => (await complaint()) === '', {
    for: 'every pod of controller and apiserver to be scraped, once',
    limitMs: SCRAPED_MS,
    signal,
    instead: complaint,
  });
}

/** The problems of each metric. */
async function lacking(api: PrometheusApi): Promise<string[]> {
  const problems = METRICS.flatMap(({ title, metrics }) =>
    metrics.map((metric) => problemOf(api, `brupop-${title.toLowerCase()}`, metric)),
  );
  return (await Promise.all(problems)).filter((problem) => problem !== '');
}

/** @returns the problem of a metric; empty if there is none */
async function problemOf(api: PrometheusApi, job: string, { name, type, labels = {} }: MetricDefinition): Promise<string> {
  const series = `${type === 'histogram' ? `${name}_count` : name}{job="${job}"}`;
  const samples = await api.query(`max by (${Object.keys(labels).join()}) (max_over_time(${series}[30m]))`);
  if (name in WITHOUT_DATA) return '';
  if (samples.length === 0) return `${name} of ${job} has no data`;
  if (!(name in NOTHING_COUNTED) && samples.every(({ value }) => value === 0)) return `${name} of ${job} is 0 all along`;
  const unknown = (await api.query(series))
    .flatMap(({ metric }) => Object.keys(metric))
    .filter((label) => !(label in labels) && !OF_THE_SCRAPE.has(label));
  return unknown.length === 0 ? '' : `${name} of ${job} has labels that are not documented: ${[...new Set(unknown)].join()}`;
}
