import { apiserverPodMonitor, controllerServiceMonitor, installObjects, METRICS_PORT } from '@brupop/manifests';
import type { Component, InstallOptions, KubernetesObject } from '@brupop/manifests';
import { yamlOf } from '../yaml.ts';
import { Holes } from './holes.ts';

/** One of several ways to install, and the condition under which Helm uses it. */
interface Choice {
  /** Condition; undefined for all other cases. */
  readonly when: string | undefined;
  readonly options: Partial<InstallOptions>;
}

/** Options that change more than a value: objects, or rules in them, that come and go. */
const CHOICES: readonly (readonly Choice[])[] = [
  [
    { when: 'eq .Values.certificates "operator"', options: { certificates: 'operator' } },
    { when: 'eq .Values.certificates "cert-manager"', options: { certificates: 'cert-manager' } },
    { when: undefined, options: { certificates: 'provided' } },
  ],
  [
    { when: 'eq .Values.drain_timeout_action "force"', options: { mayDeletePods: true } },
    { when: undefined, options: { mayDeletePods: false } },
  ],
  [
    { when: '.Values.networkPolicy.enabled', options: { networkPolicy: true } },
    { when: undefined, options: { networkPolicy: false } },
  ],
  [
    { when: '.Values.admissionPolicy.enabled', options: { admissionPolicy: true } },
    { when: undefined, options: { admissionPolicy: false } },
  ],
];

/** Templates of the two charts, by file name. */
export interface ChartTemplates {
  readonly operator: ReadonlyMap<string, string>;
  readonly shadow: ReadonlyMap<string, string>;
}

/** The templates, from the objects of the manifest. */
export function chartTemplates(): ChartTemplates {
  const holes = new Holes();
  const options = optionsOf(holes);
  const objectsOf = (changed: Partial<InstallOptions>): ReadonlyMap<string, KubernetesObject> =>
    new Map(installObjects({ ...options, ...changed }).map((object) => [fileName(object), object]));
  const variants = CHOICES.map((choices) => choices.map((choice) => ({ when: choice.when, objects: objectsOf(choice.options) })));
  const all = new Map(variants.flat().flatMap(({ objects }) => [...objects]));
  const operator = new Map<string, string>();
  const shadow = new Map<string, string>();
  for (const [file, { kind }] of all) {
    // Helm can create the namespace, and would delete it together with everything else in it.
    if (kind === 'Namespace') continue;
    const alternatives = variants.map((choices) => choices.map(({ when, objects }) => ({ when, text: textOf(objects.get(file)) })));
    (kind === 'CustomResourceDefinition' ? shadow : operator).set(file, holes.fill(conditional(file, alternatives)));
  }
  for (const [object, when] of monitors(holes)) operator.set(fileName(object), holes.fill(branches([{ when, text: textOf(object) }])));
  return { operator, shadow };
}

interface Alternative {
  readonly when: string | undefined;
  /** Empty if the object does not exist in this alternative. */
  readonly text: string;
}

/** A template that selects between the alternatives. @throws Error if two choices change the same object */
function conditional(file: string, choices: readonly (readonly Alternative[])[]): string {
  const changing = choices.filter((alternatives) => new Set(alternatives.map(({ text }) => text)).size > 1);
  if (changing.length > 1) throw new Error(`${file} depends on more than one choice`);
  return changing[0] === undefined ? (choices[0]?.[0]?.text ?? '') : branches(changing[0]);
}

function branches(alternatives: readonly Alternative[]): string {
  const kept = [...alternatives];
  // The last case also covers preceding equal ones, and needs no `else` if it is empty.
  while (kept.at(-1)?.when === undefined && kept.length > 1 && kept.at(-2)?.text === kept.at(-1)?.text) kept.splice(-2, 1);
  if (kept.at(-1)?.when === undefined && kept.at(-1)?.text === '') kept.pop();
  const isExclusive = kept.every(({ when }) => when !== undefined);
  const lines = kept
    .filter(({ text }) => !isExclusive || text !== '')
    .flatMap(({ when, text }, at) => [
      `{{- ${[...(at === 0 ? [] : ['else']), ...(when === undefined ? [] : [`if ${when}`])].join(' ')} }}\n`,
      text,
    ]);
  return [...lines, '{{- end }}\n'].join('');
}

function textOf(object: KubernetesObject | undefined): string {
  return object === undefined ? '' : yamlOf(object);
}

function fileName({ kind, metadata }: KubernetesObject): string {
  return `${kind.toLowerCase()}-${metadata.name}.yaml`;
}

/** Values of the Brupop 1.x chart keep their names; new ones are in camel case, as usual for Helm, unless they name variables. */
function optionsOf(holes: Holes): InstallOptions {
  const value = (path: string): string => holes.text(`.Values.${path}`);
  const logging = (component: Component): Readonly<Record<string, string>> => ({
    LOGGING_FORMATTER: value('logging.formatter'),
    LOGGING_ANSI_ENABLED: value('logging.ansi_enabled'),
    TRACING_FILTER_DIRECTIVE: value(`logging.${component}.tracing_filter`),
  });
  const image = (component: Component): string => holes.text(`.Values.image | default .Values.images.${component}`);
  const resources = (component: Component): { limits: never; requests: never } => ({
    limits: holes.field(`.Values.resources.${component}.resources.limits`),
    requests: holes.field(`.Values.resources.${component}.resources.requests`),
  });
  const placement = <K extends string>(component: Component, ...fields: readonly K[]): Readonly<Record<K, never>> =>
    Object.fromEntries(fields.map((field) => [field, holes.field(`.Values.placement.${component}.${field}`)])) as Record<K, never>;
  // After the tolerations that these two always have.
  const tolerations = (component: 'apiserver' | 'controller'): never[] => holes.items(`.Values.placement.${component}.tolerations`);
  const further = (component: Component): Readonly<Record<string, string>> => holes.variables(`.Values.env.${component}`);
  const annotations = (path: string): never => holes.field(`.Values.${path}`);
  const metricsPort = (component: 'apiserver' | 'controller'): string => `(.Values.env.${component} | default dict).METRICS_PORT`;
  // Its default port is that of the metrics, whatever that is.
  const scraped = (path: string, component: 'apiserver' | 'controller'): never => {
    const [port, chosen] = [metricsPort(component), `(.Values.${path} | default dict)`];
    const moved = `(and ${port} (eq (get ${chosen} "prometheus.io/port" | toString) "${String(METRICS_PORT)}") | empty | not)`;
    return holes.field(`(ternary (merge (dict "prometheus.io/port" (${port} | toString)) ${chosen}) ${chosen} ${moved})`);
  };
  return {
    image: { agent: image('agent'), apiserver: image('apiserver'), controller: image('controller') },
    namespace: value('namespace'),
    imagePullSecrets: [holes.names('.Values.image_pull_secrets')],
    apiserverServicePort: holes.port('.Values.apiserver_service_port'),
    apiserverInternalPort: holes.port('.Values.apiserver_internal_port'),
    metricsPorts: {
      apiserver: holes.port(`${metricsPort('apiserver')} | default ${String(METRICS_PORT)}`),
      controller: holes.port(`${metricsPort('controller')} | default ${String(METRICS_PORT)}`),
    },
    podLabels: holes.entries('.Values.podLabels'),
    podAnnotations: {
      agent: annotations('podAnnotations.agent'),
      apiserver: scraped('podAnnotations.apiserver', 'apiserver'),
      controller: annotations('podAnnotations.controller'),
    },
    serviceAnnotations: {
      apiserver: annotations('serviceAnnotations.apiserver'),
      controller: scraped('serviceAnnotations.controller', 'controller'),
    },
    env: {
      agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: value('exclude_from_lb_wait_time_in_sec'), ...logging('agent'), ...further('agent') },
      apiserver: {
        DRAIN_TIMEOUT_SECONDS: value('drain_timeout_seconds'),
        DRAIN_TIMEOUT_ACTION: value('drain_timeout_action'),
        ...logging('apiserver'),
        ...further('apiserver'),
      },
      controller: {
        MAX_CONCURRENT_UPDATE: value('max_concurrent_updates'),
        MAX_UNAVAILABLE: value('max_unavailable'),
        SCHEDULER_CRON_EXPRESSION: value('scheduler_cron_expression'),
        UPDATE_WINDOW_START: value('update_window_start'),
        UPDATE_WINDOW_STOP: value('update_window_stop'),
        CERTIFICATES: value('certificates'),
        ...logging('controller'),
        ...further('controller'),
      },
    },
    placement: {
      agent: placement('agent', 'tolerations', 'priorityClassName'),
      controller: {
        ...placement('controller', 'nodeSelector', 'podAffinity', 'podAntiAffinity', 'priorityClassName'),
        tolerations: tolerations('controller'),
      },
      apiserver: {
        // The chart of Brupop 1.x evaluates templates in these, and only in these.
        topologySpreadConstraints: holes.field('.Values.placement.apiserver.topologySpreadConstraints', true),
        ...placement('apiserver', 'nodeSelector', 'podAffinity', 'podAntiAffinity', 'priorityClassName'),
        tolerations: tolerations('apiserver'),
      },
    },
    resources: { agent: resources('agent'), apiserver: resources('apiserver'), controller: resources('controller') },
  };
}

/** Objects for the Prometheus Operator, and the condition of each. */
function monitors(holes: Holes): readonly (readonly [KubernetesObject, string])[] {
  const optionsAt = (path: string): { namespace: string; interval: string; labels: Readonly<Record<string, string>> } => ({
    namespace: holes.text('.Values.namespace'),
    interval: holes.text(`${path}.interval`),
    labels: holes.entries(`${path}.labels`),
  });
  const controller = '.Values.prometheus.controller.serviceMonitor';
  const apiserver = '.Values.prometheus.apiserver.podMonitor';
  return [
    [controllerServiceMonitor(optionsAt(controller)), `${controller}.enabled`],
    [apiserverPodMonitor(optionsAt(apiserver)), `${apiserver}.enabled`],
  ];
}
