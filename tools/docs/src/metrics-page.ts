import type { MetricDefinition } from '@brupop/process';
import { markdownTable } from './markdown-table.ts';

/** The metrics of one process. */
export interface MetricsSection {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
  /** Names of metrics that only the leader exposes. */
  readonly leaderOnly?: readonly string[];
}

const INTRO = `<!-- Generated from the processes' own lists by \`npm run generate\`. Do not edit. -->

# Metrics

Controller and apiserver serve \`/metrics\` in the Prometheus text format, over plain HTTP on \`METRICS_PORT\`, without a token. Agents have
no metrics of their own: the metrics of the controller cover their nodes, those of the apiserver their requests.

Every series whose labels are known in advance exists from the start, with value 0. Labels have a bounded number of values, whatever callers send.
Each process also exposes the default metrics of [prom-client](https://github.com/siimon/prom-client): \`process_…\` and \`nodejs_…\`.

\`brupop_hosts_state\`, \`brupop_hosts_version\`, \`otel_scope_info\`, \`target_info\` and \`http_server_…\` have the names, labels and meanings that
they have in Brupop 1.x. [operations.md](operations.md#monitor) describes a sample Prometheus and the alerts.
`;

/** The reference of all metrics, as Prettier formats it. */
export function metricsPage(sections: readonly MetricsSection[]): string {
  return [INTRO, ...sections.map((section) => `## ${section.title}\n\n${intro(section)}${table(section)}\n`)].join('\n');
}

function intro({ leaderOnly = [] }: MetricsSection): string {
  return leaderOnly.length === 0
    ? ''
    : 'Only the leader exposes the metrics with a ¹: two processes that count the same hosts would double every sum. A follower exposes `brupop_leader` as 0, and the other metrics of itself.\n\n';
}

function table({ metrics, leaderOnly = [] }: MetricsSection): string {
  const rows = metrics.map(({ name, type, help, labels = {} }) => [
    `\`${name}\`${leaderOnly.includes(name) ? ' ¹' : ''}`,
    type,
    `${help}.`,
    Object.entries<readonly string[] | string>(labels).map(labelCell).join('; '),
  ]);
  return markdownTable(['Metric', 'Type', 'Meaning', 'Labels'], rows);
}

const MOST_VALUES = 6;

function labelCell([label, values]: [string, readonly string[] | string]): string {
  if (typeof values === 'string') return `\`${label}\`: ${values}`;
  const shown = values.slice(0, MOST_VALUES).map((value) => `\`${value}\``);
  return `\`${label}\`: ${shown.join(', ')}${values.length > MOST_VALUES ? ', …' : ''}`;
}
