import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { apiserverPodMonitor, controllerServiceMonitor, installObjects } from '@brupop/manifests';
import type { InstallOptions, KubernetesObject } from '@brupop/manifests';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { documents } from '../documents.ts';

const HELM = process.env['HELM'] ?? 'helm';
const CHARTS = ['bottlerocket-shadow', 'bottlerocket-update-operator'] as const;
const IMAGE = { agent: 'localhost/agent:v2', apiserver: 'localhost/apiserver:v2', controller: 'localhost/controller:v2' };
const DEFAULTS: InstallOptions = { image: IMAGE };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'charts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(options: InstallOptions): void {
  for (const [path, text] of documents(options)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function helm(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(HELM, args, { encoding: 'utf8', cwd: join(folder, 'deploy/charts') });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stdout + stderr);
  return stdout;
}

/** The objects that both charts render with these values. */
function render(values: string): unknown[] {
  writeFileSync(join(folder, 'values.yaml'), values);
  const texts = CHARTS.map((chart) => helm('template', 'brupop', chart, '--values', join(folder, 'values.yaml')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as unknown)).filter((object) => object !== null);
}

function sorted(objects: readonly unknown[]): unknown[] {
  const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;
  return [...(objects as KubernetesObject[])].sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

const installed = (options: InstallOptions): KubernetesObject[] => installObjects(options).filter(({ kind }) => kind !== 'Namespace');

/** An installation, and the values with which the default charts render it. */
const INSTALLATIONS: readonly { readonly name: string; readonly options: Partial<InstallOptions>; readonly values: string }[] = [
  { name: 'the defaults', options: {}, values: '{}' },
  { name: 'cert-manager', options: { certificates: 'cert-manager' }, values: 'certificates: cert-manager' },
  { name: 'certificates from elsewhere', options: { certificates: 'provided' }, values: 'certificates: provided' },
  { name: 'no network policies', options: { networkPolicy: false }, values: 'networkPolicy: {enabled: false}' },
  { name: 'no admission policies', options: { admissionPolicy: false }, values: 'admissionPolicy: {enabled: false}' },
  {
    name: 'drains that end by force',
    options: { env: { apiserver: { DRAIN_TIMEOUT_ACTION: 'force', DRAIN_TIMEOUT_SECONDS: '60' } } },
    values: '{drain_timeout_action: force, drain_timeout_seconds: 60}',
  },
  { name: 'one image for all', options: { image: 'registry:5000/brupop:v2' }, values: 'image: registry:5000/brupop:v2' },
  { name: 'a pull secret', options: { imagePullSecrets: ['registry'] }, values: 'image_pull_secrets: [{name: registry}]' },
  { name: 'another namespace', options: { namespace: 'updates' }, values: 'namespace: updates' },
  {
    name: 'other ports',
    options: { apiserverInternalPort: 9443, apiserverServicePort: 8443 },
    values: '{apiserver_internal_port: 9443, apiserver_service_port: 8443}',
  },
  {
    name: 'a fleet with limits and a window',
    options: {
      env: {
        agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: '60' },
        controller: {
          MAX_CONCURRENT_UPDATE: 'unlimited',
          MAX_UNAVAILABLE: '10%',
          UPDATE_WINDOW_START: '21:0:0',
          UPDATE_WINDOW_STOP: '5:0:0',
        },
      },
    },
    values: `
exclude_from_lb_wait_time_in_sec: "60"
max_concurrent_updates: unlimited
max_unavailable: 10%
update_window_start: 21:0:0
update_window_stop: 5:0:0`,
  },
  {
    name: 'spread constraints that Helm evaluates',
    options: { placement: { apiserver: { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone-of-brupop' }] } } },
    values: `placement: {apiserver: {topologySpreadConstraints: [{maxSkew: 1, topologyKey: "zone-of-{{ .Release.Name }}"}]}}`,
  },
  {
    name: 'variables without a value of their own',
    options: {
      env: {
        agent: { UPDATE_CHECK_INTERVAL_IN_SEC: '600' },
        controller: { MAX_FAILED_NODES: 'unlimited', SOAK_TIME_IN_SEC: '300' },
      },
    },
    values: 'env: {agent: {UPDATE_CHECK_INTERVAL_IN_SEC: 600}, controller: {SOAK_TIME_IN_SEC: "300", MAX_FAILED_NODES: unlimited}}',
  },
  {
    name: 'other ports for the metrics, which probes, Services, policies and annotations follow',
    options: { env: { apiserver: { METRICS_PORT: '9091' }, controller: { METRICS_PORT: '9090' } } },
    values: 'env: {apiserver: {METRICS_PORT: "9091"}, controller: {METRICS_PORT: 9090}}',
  },
  {
    name: 'other collectors of metrics',
    options: {
      podAnnotations: { apiserver: { 'prometheus.io/port': '8080' }, controller: { 'ad.example/checks': 'brupop' } },
      serviceAnnotations: { controller: { 'prometheus.io/scrape': 'false', 'prometheus.io/port': '8080' }, apiserver: { owner: 'fleet' } },
    },
    values: `
podAnnotations: {apiserver: {prometheus.io/scrape: null}, controller: {ad.example/checks: brupop}}
serviceAnnotations: {controller: {prometheus.io/scrape: "false"}, apiserver: {owner: fleet}}`,
  },
  {
    name: 'placement, resources and labels',
    options: {
      placement: {
        agent: { tolerations: [{ key: 'a', operator: 'Exists' }], priorityClassName: 'system-node-critical' },
        controller: { nodeSelector: { pool: 'infra' } },
        apiserver: {
          tolerations: [{ key: 'b', operator: 'Exists' }],
          podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
        },
      },
      resources: { agent: { limits: { memory: '64Mi' } } },
      podLabels: { team: 'fleet' },
    },
    values: `
placement:
  agent: {tolerations: [{key: a, operator: Exists}], priorityClassName: system-node-critical}
  controller: {nodeSelector: {pool: infra}}
  apiserver: {tolerations: [{key: b, operator: Exists}], podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}
resources: {agent: {resources: {limits: {memory: 64Mi}}}}
podLabels: {team: fleet}`,
  },
];

describe('charts rendered by Helm', () => {
  test.each(INSTALLATIONS)('$name: charts generated for it render the manifest, object by object', ({ options }) => {
    const all = { ...DEFAULTS, ...options };
    write(all);
    expect(sorted(render('{}'))).toEqual(sorted(installed(all)));
  });

  test.each(INSTALLATIONS)('$name: with its values, the charts render the manifest, object by object', ({ options, values }) => {
    write(DEFAULTS);
    expect(sorted(render(values))).toEqual(sorted(installed({ ...DEFAULTS, ...options })));
  });

  test('monitors are rendered on request', () => {
    write(DEFAULTS);
    const objects = render(`
prometheus:
  controller: {serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 1m}}
  apiserver: {podMonitor: {enabled: true}}`);
    const monitors = [controllerServiceMonitor({ interval: '1m', labels: { release: 'prometheus' } }), apiserverPodMonitor()];
    expect(sorted(objects)).toEqual(sorted([...installed(DEFAULTS), ...monitors]));
  });

  test('pull secrets may be given as text, like in Brupop 1.x', () => {
    write(DEFAULTS);
    const objects = render(`
image_pull_secrets: |-
  - name: "brupop"
  - name: "other"`);
    expect(sorted(objects)).toEqual(sorted(installed({ ...DEFAULTS, imagePullSecrets: ['brupop', 'other'] })));
  });

  test.each([
    { values: 'certificates: certmanager', named: 'certificates' },
    { values: 'drain_timeout_action: never', named: 'drain_timeout_action' },
    { values: 'apiserver_internal_port: 99999', named: 'apiserver_internal_port' },
    { values: 'apiserver_internal_port: 8080', named: 'apiserver_internal_port' },
    { values: 'max_concurrent_updates: "0"', named: 'max_concurrent_updates' },
    { values: 'max_concurrent_updates: 1000000', named: 'max_concurrent_updates' },
    { values: 'drain_timeout_seconds: 2592000', named: 'drain_timeout_seconds' },
    { values: 'images: {agnet: a}', named: 'agnet' },
    // As `helm upgrade --reuse-values` leaves them out: the chart of Brupop 1.x has neither.
    { values: '{images: null, drain_timeout_action: null}', named: "missing properties 'images', 'drain_timeout_action'" },
    { values: 'image: public.ecr.aws/bottlerocket/bottlerocket-update-operator:v1.4.0', named: 'is the image of Brupop 1.x' },
    { values: 'podAnnotations: {owner: fleet}', named: 'owner' },
    { values: 'env: {SOAK_TIME_IN_SEC: 300}', named: 'SOAK_TIME_IN_SEC' },
    { values: 'env: {controller: {soak: 300}}', named: 'soak' },
    { values: 'serviceAnnotations: {agent: {}}', named: 'agent' },
    { values: 'scheduler_cron_expression: hello', named: 'scheduler_cron_expression' },
    { values: 'update_window_start: "25:00:00"', named: 'update_window_start' },
    { values: 'max_unavailable: 150%', named: 'max_unavailable' },
    { values: 'logging: {formatter: xml}', named: 'formatter' },
    { values: 'env: {controller: {SOAK_TIME_IN_SEC: 5m}}', named: 'SOAK_TIME_IN_SEC' },
    { values: 'images: {agent: ""}', named: 'images.agent: expected an image' },
    { values: 'images: {agent: Agent v2}', named: 'agent' },
    { values: 'env: {controller: {MAX_CONCURRENT_UPDATE: 2}}', named: 'set max_concurrent_updates instead' },
    { values: 'env: {agent: {MY_NODE_NAME: a}}', named: 'env.agent.MY_NODE_NAME: the chart sets this variable itself; remove it' },
    {
      values: '{apiserver_internal_port: 9443, env: {apiserver: {METRICS_PORT: 9443}}}',
      named: 'apiserver_internal_port: 9443 is the port',
    },
    { values: 'update_window_start: ""', named: 'expected both or neither' },
    { values: '{update_window_start: "5:0:0", update_window_stop: "05:00:00"}', named: 'expected another time than update_window_start' },
    {
      values: '{scheduler_cron_expression: "0 0 2 * * * *", update_window_start: "1:0:0", update_window_stop: "2:0:0"}',
      named: 'scheduler_cron_expression: expected no value beside update_window_start',
    },
    { values: 'scheduler_cron_expression: "* * * * * * 2019-2020"', named: 'whose last match has passed' },
    { values: 'scheduler_cron_expression: "0 0 0 31 2 * *"', named: 'which matches no date' },
    { values: 'scheduler_cron_expression: "0 0 0 31 Apr,6,feb * *"', named: 'which matches no date' },
  ])('a wrong value is named, and nothing rendered: $values', ({ values, named }) => {
    write(DEFAULTS);
    expect(() => render(values)).toThrow(named);
  });

  test.each([
    'scheduler_cron_expression: "* * * * * * 2020-2999"',
    'scheduler_cron_expression: "0 0 0 29 2 * *"',
    'scheduler_cron_expression: "0 0 0 30,31 Feb,3 * *"',
    'scheduler_cron_expression: "0 0 0 31 4-5 * *"',
    'scheduler_cron_expression: "@weekly"',
    '{scheduler_cron_expression: "", update_window_start: "", update_window_stop: ""}',
    '{image: brupop:1, images: {agent: "", apiserver: "", controller: ""}}',
  ])('a valid window or image is accepted: %s', (values) => {
    write(DEFAULTS);
    expect(() => render(values)).not.toThrow();
  });

  test.each(CHARTS)('helm lint finds nothing in %s', (chart) => {
    write(DEFAULTS);
    expect(helm('lint', '--strict', chart)).toMatch(/^==> Linting .*\n\n1 chart\(s\) linted, 0 chart\(s\) failed\n$/);
  });
});
