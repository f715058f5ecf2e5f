/** One kind of object in one version. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  /** Plural name, as in paths. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Where its objects are stored; the two event APIs share one. */
  readonly storage: string;
  /** Version in which new objects are stored. */
  readonly storageVersion: string;
  readonly hasStatus: boolean;
  /** Whether a create keeps `status`; nodes register with theirs. */
  readonly keepsStatusOnCreate: boolean;
  readonly hasScale: boolean;
  /** Whether `metadata.generation` counts changes. */
  readonly hasGeneration: boolean;
  /** Whether PUT may omit resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** Whether PUT creates a missing object. */
  readonly createOnUpdate: boolean;
  readonly custom: boolean;
  /** Fields that a field selector may name besides `metadata.name` and `metadata.namespace`. */
  readonly selectable: readonly string[];
}

type Flag = 'cluster' | 'status' | 'keepsStatus' | 'scale' | 'generation' | 'conditional' | 'upsert';

/** The name under which a resource's objects are stored. */
export const storageName = (group: string, resource: string): string => (group === '' ? resource : `${resource}.${group}`);

function builtin(
  apiVersion: string,
  resource: string,
  kind: string,
  shortNames: readonly string[],
  flags: readonly Flag[],
  more: Partial<ResourceType> = {},
): ResourceType {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const has = (flag: Flag): boolean => flags.includes(flag);
  return {
    group,
    version,
    resource,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames,
    categories: [],
    namespaced: !has('cluster'),
    storage: storageName(group, resource),
    storageVersion: version,
    hasStatus: has('status') || has('keepsStatus'),
    keepsStatusOnCreate: has('keepsStatus'),
    hasScale: has('scale'),
    hasGeneration: has('generation'),
    unconditionalUpdate: !has('conditional'),
    createOnUpdate: has('upsert'),
    custom: false,
    selectable: [],
    ...more,
  };
}

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const ALL = { categories: ['all'] };

/** Every resource that exists without any CustomResourceDefinition. */
export const BUILTIN_RESOURCES: readonly ResourceType[] = [
  builtin('v1', 'namespaces', 'Namespace', ['ns'], ['cluster', 'status'], { selectable: ['status.phase'] }),
  builtin('v1', 'nodes', 'Node', ['no'], ['cluster', 'keepsStatus'], { selectable: ['spec.unschedulable'] }),
  builtin('v1', 'pods', 'Pod', ['po'], ['status', 'generation'], {
    ...ALL,
    selectable: [
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.nominatedNodeName',
    ],
  }),
  builtin('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', ['pvc'], ['status']),
  builtin('storage.k8s.io/v1', 'volumeattachments', 'VolumeAttachment', [], ['cluster', 'status']),
  builtin('v1', 'services', 'Service', ['svc'], ['status'], { ...ALL, selectable: ['spec.clusterIP', 'spec.type'] }),
  builtin('v1', 'endpoints', 'Endpoints', ['ep'], []),
  builtin('v1', 'configmaps', 'ConfigMap', ['cm'], []),
  builtin('v1', 'secrets', 'Secret', [], [], { selectable: ['type'] }),
  builtin('v1', 'serviceaccounts', 'ServiceAccount', ['sa'], []),
  builtin('v1', 'events', 'Event', ['ev'], ['upsert'], {
    selectable: [
      ...OBJECT_FIELDS.map((field) => `involvedObject.${field}`),
      'reason',
      'reportingComponent',
      'source.component',
      'source',
      'type',
    ],
  }),
  builtin('events.k8s.io/v1', 'events', 'Event', ['ev'], ['upsert'], {
    storage: 'events',
    selectable: [...OBJECT_FIELDS.map((field) => `regarding.${field}`), 'reason', 'reportingController', 'type'],
  }),
  builtin('apps/v1', 'deployments', 'Deployment', ['deploy'], ['status', 'scale', 'generation'], ALL),
  builtin('apps/v1', 'replicasets', 'ReplicaSet', ['rs'], ['status', 'scale', 'generation'], { ...ALL, selectable: ['status.replicas'] }),
  builtin('apps/v1', 'daemonsets', 'DaemonSet', ['ds'], ['status', 'generation'], ALL),
  builtin('apps/v1', 'statefulsets', 'StatefulSet', ['sts'], ['status', 'scale', 'generation'], ALL),
  builtin('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', ['pdb'], ['status', 'generation', 'conditional']),
  builtin('coordination.k8s.io/v1', 'leases', 'Lease', [], ['conditional', 'upsert']),
  builtin('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', [], ['generation']),
  builtin('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', ['netpol'], ['generation']),
  builtin('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', ['pc'], ['cluster', 'generation']),
  builtin('rbac.authorization.k8s.io/v1', 'roles', 'Role', [], []),
  builtin('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', [], []),
  builtin('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', [], ['cluster']),
  builtin('rbac.authorization.k8s.io/v1', 'clusterrolebindings', 'ClusterRoleBinding', [], ['cluster']),
  // Stored but not evaluated: the simulator has no CEL. The tests on a real API server cover the policies.
  builtin(
    'admissionregistration.k8s.io/v1',
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    [],
    ['cluster', 'generation', 'status'],
  ),
  builtin(
    'admissionregistration.k8s.io/v1',
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    [],
    ['cluster', 'generation'],
  ),
  builtin(
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    [],
    ['cluster', 'generation'],
  ),
  builtin(
    'admissionregistration.k8s.io/v1',
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    [],
    ['cluster', 'generation'],
  ),
  builtin(
    'apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    ['crd', 'crds'],
    ['cluster', 'status', 'generation', 'conditional'],
  ),
];

/** Resources that only answer a POST and store nothing. */
export const REVIEW_RESOURCES: readonly ResourceType[] = [
  builtin('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', [], ['cluster']),
  builtin('authentication.k8s.io/v1', 'selfsubjectreviews', 'SelfSubjectReview', [], ['cluster']),
  builtin('authorization.k8s.io/v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', [], ['cluster']),
  builtin('authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview', [], ['cluster']),
];

/** `v1` or `apps/v1`. */
export const apiVersionOf = (type: { readonly group: string; readonly version: string }): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;
