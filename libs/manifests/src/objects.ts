import { AGENT_COMPONENT, APISERVER_COMPONENT, COMPONENT_LABEL, CONTROLLER_COMPONENT } from '@brupop/crd-models';

/** The three processes of the operator. */
export type Component = 'agent' | 'apiserver' | 'controller';

/** The value of any field of a Kubernetes object, as JSON. */
export type KubernetesValue =
  string | number | boolean | null | readonly KubernetesValue[] | { readonly [field: string]: KubernetesValue | undefined };

/** An object as it is applied: no status, nothing that the server fills in. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Absent on cluster-scoped objects. */
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A component's name as labels have it. */
export const COMPONENT_NAMES: Readonly<Record<Component, string>> = {
  agent: AGENT_COMPONENT,
  apiserver: APISERVER_COMPONENT,
  controller: CONTROLLER_COMPONENT,
};

/** Labels of every object that belongs to a component. */
export function componentLabels(component: Component): Readonly<Record<string, string>> {
  const name = COMPONENT_NAMES[component];
  return {
    'app.kubernetes.io/component': name,
    'app.kubernetes.io/managed-by': 'brupop',
    'app.kubernetes.io/part-of': 'brupop',
    [COMPONENT_LABEL]: name,
  };
}

/** What selects a component's pods. Selectors of workloads cannot be changed, so this is the original's, to the letter. */
export function selectorLabels(component: Component): Readonly<Record<string, string>> {
  return { [COMPONENT_LABEL]: COMPONENT_NAMES[component] };
}
