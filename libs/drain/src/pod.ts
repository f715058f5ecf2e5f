/** The part of a Pod that a drain looks at. Any object of this shape will do, whoever parsed it. */
export interface DrainPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    /** RFC 3339; when the pod is to be gone, its grace period included. */
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
  };
  readonly spec?: { readonly nodeName?: string; readonly priority?: number };
  readonly status?: { readonly phase?: string };
}

/** Pods of one namespace that bear all of these labels, each with its value or one of its values. */
export interface PodSelector {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string | readonly string[]>>;
}

/** Whether `selector` chooses `pod`. No selector chooses nothing. */
export function selects(selector: PodSelector | undefined, pod: DrainPod): boolean {
  if (selector === undefined || pod.metadata.namespace !== selector.namespace) return false;
  return Object.entries(selector.labels).every(([label, values]) => [values].flat().includes(pod.metadata.labels?.[label] ?? ''));
}

/** What controls the pod, and would make another in its place; undefined if nothing does. */
export function controllerOf({ metadata: { namespace = '', ownerReferences } }: DrainPod): string | undefined {
  const owner = ownerReferences?.find(({ controller }) => controller === true);
  return owner === undefined ? undefined : `${owner.kind} ${namespace}/${owner.name}`;
}

/** `namespace/name`. */
export function podKey(pod: DrainPod): string {
  return `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
}

/** What tells this pod from a later one of the same name. */
export function podIdentity(pod: DrainPod): string {
  return pod.metadata.uid ?? podKey(pod);
}
