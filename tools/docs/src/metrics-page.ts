import type { MetricDefinition } from '@brupop/process';
import { markdownTable } from './markdown-table.ts';

/** The metrics of one process. */
export interface MetricsSection {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
  /** Names of those that a leader alone shows. */
  readonly leaderOnly?: readonly string[];
}

const INTRO = `<!-- Generated from the processes' own lists by \`npx nx run e2e:generate\`. Do not edit. -->

# Metrics

Controller and apiserver serve \`/metrics\` in the Prometheus text format, over plain HTTP on \`METRICS_PORT\`, without a token. Agents have
no metrics of their own: the controller tells of their nodes, and the apiserver of their requests.

Every series that is known beforehand is there from the start, as 0. Labels have a bounded number of values, whatever agents and strangers send.
Besides what is listed here each process shows the default metrics of [prom-client](https://github.com/siimon/prom-client): \`process_…\` and
\`nodejs_…\`.

\`brupop_hosts_state\`, \`brupop_hosts_version\`, \`otel_scope_info\`, \`target_info\` and \`http_server_…\` have the names, labels and meanings that
Brupop 1.x gives them. [operations.md](operations.md#alerts) has alerts that are worth having.
`;

/** The reference manual of all metrics, as Prettier formats it. */
export function metricsPage(sections: readonly MetricsSection[]): string {
  return [INTRO, ...sections.map((section) => `## ${section.title}\n\n${intro(section)}${table(section)}\n`)].join('\n');
}

function intro({ leaderOnly = [] }: MetricsSection): string {
  return leaderOnly.length === 0
    ? ''
    : 'Metrics marked with ¹ are shown by the leader alone: two processes that count the same hosts would double every sum. A follower shows `brupop_leader` as 0, and the others as they are of itself.\n\n';
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
