import { DEFAULT_NAMESPACE } from '@brupop/crd-models';
import type { Component, KubernetesValue } from './objects.ts';

/** Where the pods of one component may run. Each value is what a pod spec takes under the same name. */
export interface Placement {
  /** Beside those that apiserver and controller always have: they may run on cordoned nodes. */
  readonly tolerations?: readonly KubernetesValue[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly podAffinity?: KubernetesValue;
  readonly podAntiAffinity?: KubernetesValue;
  readonly topologySpreadConstraints?: readonly KubernetesValue[];
  readonly priorityClassName?: string;
}

/** What one component needs of its node; what a container takes as `resources`. */
export interface Resources {
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

/** Plain-HTTP port of the metrics, of apiserver and controller alike, unless another is chosen. */
export const METRICS_PORT = 8080;

/** Plain-HTTP ports of the metrics. */
export type MetricsPorts = Readonly<Record<'apiserver' | 'controller', number>>;

/** What may be chosen about an installation. Only the image has no default. */
export interface InstallOptions {
  /** Of each component; or one that holds all three. */
  readonly image: string | Readonly<Record<Component, string>>;
  /** Default `brupop-bottlerocket-aws`. */
  readonly namespace?: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Names of Secrets in the operator's namespace. */
  readonly imagePullSecrets?: readonly string[];
  /**
   * Where the certificates come from. `operator` (default): the controller makes and renews them; `cert-manager`: cert-manager.io/v1
   * objects are part of the installation; `provided`: the Secrets `brupop-apiserver-certificate` and `brupop-apiserver-client-certificate`
   * exist already.
   */
  readonly certificates?: 'operator' | 'cert-manager' | 'provided';
  /** Certificate authority of the apiserver for the CRD, as base64 of PEM; not needed with cert-manager. */
  readonly caBundle?: string;
  /** Port of the apiserver's Service, default 443. */
  readonly apiserverServicePort?: number;
  /** Port that the apiserver listens on, default 8443. */
  readonly apiserverInternalPort?: number;
  /** Ports of the metrics and of the controller's probes. Default: METRICS_PORT of the component's environment, or {@link METRICS_PORT}. */
  readonly metricsPorts?: MetricsPorts;
  /** Default 3. */
  readonly apiserverReplicas?: number;
  /** Environment of each component beyond, or instead of, what is set anyway. Names are in docs/configuration.md. */
  readonly env?: Readonly<Partial<Record<Component, Readonly<Record<string, string>>>>>;
  readonly placement?: Readonly<Partial<Record<Component, Placement>>>;
  readonly resources?: Readonly<Partial<Record<Component, Resources>>>;
  /** Labels of every pod. */
  readonly podLabels?: Readonly<Record<string, string>>;
  /** Annotations of a component's pods; of the apiserver's in place of those that ask a Prometheus to scrape them. */
  readonly podAnnotations?: Readonly<Partial<Record<Component, Readonly<Record<string, string>>>>>;
  /** Annotations of a component's Service; of the controller's in place of those that ask a Prometheus to scrape it. */
  readonly serviceAnnotations?: Readonly<Partial<Record<'apiserver' | 'controller', Readonly<Record<string, string>>>>>;
  /** Whether traffic to and from the operator's pods is restricted. Default true; clusters whose network does not enforce it ignore it. */
  readonly networkPolicy?: boolean;
  /**
   * Whether ValidatingAdmissionPolicies restrict the fields and names that the operator's own accounts may write. Default true; clusters
   * before Kubernetes 1.30 do not know them.
   */
  readonly admissionPolicy?: boolean;
  /** Whether the apiserver may delete pods, past their PodDisruptionBudgets. Default: if its environment has DRAIN_TIMEOUT_ACTION=force. */
  readonly mayDeletePods?: boolean;
}

/** {@link InstallOptions} with the defaults filled in. */
export type Installation = Required<Omit<InstallOptions, 'caBundle' | 'imagePullPolicy'>> &
  Pick<InstallOptions, 'caBundle' | 'imagePullPolicy'>;

/** Fills in the defaults. */
export function installationOf(options: InstallOptions): Installation {
  return {
    namespace: DEFAULT_NAMESPACE,
    imagePullSecrets: [],
    certificates: 'operator',
    apiserverServicePort: 443,
    apiserverInternalPort: 8443,
    metricsPorts: { apiserver: metricsPortOf(options, 'apiserver'), controller: metricsPortOf(options, 'controller') },
    apiserverReplicas: 3,
    env: {},
    placement: {},
    resources: {},
    podLabels: {},
    podAnnotations: {},
    serviceAnnotations: {},
    networkPolicy: true,
    admissionPolicy: true,
    mayDeletePods: options.env?.apiserver?.['DRAIN_TIMEOUT_ACTION'] === 'force',
    ...options,
  };
}

/** The process itself rejects an invalid port. */
function metricsPortOf({ env }: InstallOptions, component: keyof MetricsPorts): number {
  const given = env?.[component]?.['METRICS_PORT']?.trim() ?? '';
  return /^\d{1,5}$/.test(given) ? Number(given) : METRICS_PORT;
}
