import { installObjects, SERVER_TOLERATIONS } from '@brupop/manifests';
import type { Component, InstallOptions, KubernetesObject, KubernetesValue } from '@brupop/manifests';
import { parseDocument } from 'yaml';

/** The part of a workload from which values are taken. */
interface Workload extends KubernetesObject {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: unknown }; readonly spec: Pod } };
}

interface Pod {
  readonly affinity: Readonly<Record<string, unknown>>;
  readonly containers: readonly [
    { readonly env: readonly { readonly name: string; readonly value?: string }[]; readonly resources: unknown },
  ];
  readonly imagePullSecrets?: unknown;
  readonly tolerations?: readonly KubernetesValue[];
  readonly [field: string]: unknown;
}

/** Values that set a variable, by the variable. */
export const VALUE_OF_VARIABLE: Readonly<Record<Component, Readonly<Record<string, string>>>> = {
  agent: { EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC: 'exclude_from_lb_wait_time_in_sec', ...logging('agent') },
  apiserver: { DRAIN_TIMEOUT_SECONDS: 'drain_timeout_seconds', DRAIN_TIMEOUT_ACTION: 'drain_timeout_action', ...logging('apiserver') },
  controller: {
    MAX_CONCURRENT_UPDATE: 'max_concurrent_updates',
    MAX_UNAVAILABLE: 'max_unavailable',
    SCHEDULER_CRON_EXPRESSION: 'scheduler_cron_expression',
    UPDATE_WINDOW_START: 'update_window_start',
    UPDATE_WINDOW_STOP: 'update_window_stop',
    CERTIFICATES: 'certificates',
    ...logging('controller'),
  },
};

function logging(component: Component): Readonly<Record<string, string>> {
  return {
    LOGGING_FORMATTER: 'logging.formatter',
    LOGGING_ANSI_ENABLED: 'logging.ansi_enabled',
    TRACING_FILTER_DIRECTIVE: `logging.${component}.tracing_filter`,
  };
}

const SERVICES = { apiserver: 'brupop-apiserver', controller: 'brupop-controller-server' } as const;

/** Fields of `placement`, and their empty value. */
const PLACEMENT: Readonly<Record<Component, Readonly<Record<string, unknown>>>> = {
  agent: { tolerations: [], priorityClassName: '' },
  controller: { tolerations: [], nodeSelector: {}, podAffinity: {}, podAntiAffinity: {}, priorityClassName: '' },
  apiserver: {
    topologySpreadConstraints: [],
    tolerations: [],
    nodeSelector: {},
    podAffinity: {},
    podAntiAffinity: {},
    priorityClassName: '',
  },
};

/** Values by path with which the operator's chart renders this installation. */
export function operatorValues(options: InstallOptions): ReadonlyMap<string, unknown> {
  const { image, namespace, certificates } = { certificates: 'operator', ...options };
  const templates = podTemplatesOf(options);
  const pods = { agent: templates.agent.spec, apiserver: templates.apiserver.spec, controller: templates.controller.spec };
  const env = (component: Component, name: string): string =>
    pods[component].containers[0].env.find((entry) => entry.name === name)?.value ?? '';
  const components = ['controller', 'agent', 'apiserver'] as const;
  return new Map<string, unknown>([
    ['namespace', namespace ?? namespaceOf(options)],
    ['image', typeof image === 'string' ? image : ''],
    ...components.map((component) => [`images.${component}`, typeof image === 'string' ? '' : image[component]] as const),
    ['image_pull_secrets', pods.agent.imagePullSecrets ?? []],
    ['certificates', certificates],
    ['exclude_from_lb_wait_time_in_sec', env('agent', 'EXCLUDE_FROM_LB_WAIT_TIME_IN_SEC')],
    ['max_concurrent_updates', env('controller', 'MAX_CONCURRENT_UPDATE')],
    ['max_unavailable', env('controller', 'MAX_UNAVAILABLE')],
    ['scheduler_cron_expression', env('controller', 'SCHEDULER_CRON_EXPRESSION')],
    ['update_window_start', env('controller', 'UPDATE_WINDOW_START')],
    ['update_window_stop', env('controller', 'UPDATE_WINDOW_STOP')],
    ['drain_timeout_seconds', env('apiserver', 'DRAIN_TIMEOUT_SECONDS')],
    ['drain_timeout_action', env('apiserver', 'DRAIN_TIMEOUT_ACTION')],
    ['apiserver_internal_port', env('apiserver', 'APISERVER_INTERNAL_PORT')],
    ['apiserver_service_port', env('agent', 'APISERVER_SERVICE_PORT')],
    ['logging.formatter', env('controller', 'LOGGING_FORMATTER')],
    ['logging.ansi_enabled', env('controller', 'LOGGING_ANSI_ENABLED')],
    ...components.map((component) => [`logging.${component}.tracing_filter`, env(component, 'TRACING_FILTER_DIRECTIVE')] as const),
    ...components.map((component) => [`env.${component}`, furtherVariables(component, options)] as const),
    ['networkPolicy.enabled', options.networkPolicy ?? true],
    ['admissionPolicy.enabled', options.admissionPolicy ?? true],
    ...components.flatMap((component) =>
      Object.entries(PLACEMENT[component]).map(([field, none]) => {
        const { affinity, ...pod } = pods[component];
        const value = field === 'tolerations' ? chosen(pod.tolerations) : (affinity[field] ?? pod[field]);
        return [`placement.${component}.${field}`, value ?? none] as const;
      }),
    ),
    ...components.map((component) => [`resources.${component}.resources`, pods[component].containers[0].resources] as const),
    ['podLabels', options.podLabels ?? {}],
    ...components.map((component) => [`podAnnotations.${component}`, templates[component].metadata.annotations ?? {}] as const),
    ...(['apiserver', 'controller'] as const).map((component) => {
      const service = installObjects(options).find(({ kind, metadata }) => kind === 'Service' && metadata.name === SERVICES[component]);
      return [`serviceAnnotations.${component}`, service?.metadata.annotations ?? {}] as const;
    }),
  ]);
}

function furtherVariables(component: Component, { env }: InstallOptions): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env?.[component] ?? {}).filter(([name]) => !(name in VALUE_OF_VARIABLE[component])));
}

/** Without the items that the template always has. */
function chosen(tolerations: Pod['tolerations']): Pod['tolerations'] {
  return tolerations?.filter((toleration) => !SERVER_TOLERATIONS.includes(toleration));
}

/** Values of the chart with the CRD. */
export function shadowValues(options: InstallOptions): ReadonlyMap<string, unknown> {
  const values = operatorValues(options);
  return new Map(['namespace', 'apiserver_service_port', 'certificates'].map((path) => [path, values.get(path)]));
}

/**
 * A values.yaml with its comments, filled in.
 * @throws Error for a path that the text does not have
 */
export function fillValues(text: string, values: ReadonlyMap<string, unknown>): string {
  const document = parseDocument(text);
  for (const [path, value] of values) {
    const keys = path.split('.');
    if (!document.hasIn(keys)) throw new Error(`values.yaml lacks ${path}`);
    document.setIn(keys, document.createNode(value, { aliasDuplicateObjects: false }));
  }
  return document.toString({ lineWidth: 0, singleQuote: true });
}

function podTemplatesOf(options: InstallOptions): Readonly<Record<Component, Workload['spec']['template']>> {
  const workloads = installObjects(options).filter(({ kind }) => kind === 'DaemonSet' || kind === 'Deployment') as unknown as Workload[];
  const templateOf = (name: string): Workload['spec']['template'] => {
    const found = workloads.find(({ metadata }) => metadata.name.startsWith(name));
    if (found === undefined) throw new Error(`no workload ${name}`);
    return found.spec.template;
  };
  return { agent: templateOf('brupop-agent'), apiserver: templateOf('brupop-apiserver'), controller: templateOf('brupop-controller') };
}

function namespaceOf(options: InstallOptions): string {
  return installObjects(options).find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
}
