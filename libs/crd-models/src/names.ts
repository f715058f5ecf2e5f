// Names that users, scripts and other components already rely on.

/** API group of the shadow's resource. */
export const GROUP = 'brupop.bottlerocket.aws';
/** Kind of the resource that stands for a node. */
export const KIND = 'BottlerocketShadow';
/** Plural of the resource, as in its URLs. */
export const PLURAL = 'bottlerocketshadows';
/** Name of the CustomResourceDefinition. */
export const CRD_NAME = 'bottlerocketshadows.brupop.bottlerocket.aws';
/** The log message if the resource does not exist. */
export const CRD_MISSING: string = `The CustomResourceDefinition ${CRD_NAME} is not installed: apply deploy/bottlerocketshadow-crd.yaml, or install the chart bottlerocket-shadow`;
/** Singular of the resource, as `kubectl` takes it. */
export const SINGULAR = 'bottlerocketshadow';
/** Short name of the resource: `kubectl get brs`. */
export const SHORT_NAME = 'brs';
/** The version that is stored; v1 is served for old clients. */
export const STORAGE_VERSION = 'v2';
/** The namespace of the operator by default. */
export const DEFAULT_NAMESPACE = 'brupop-bottlerocket-aws';

/** Node label that opts a node in, with {@link UPDATER_INTERFACE_VERSION} as its exact value. */
export const UPDATER_INTERFACE_LABEL = 'bottlerocket.aws/updater-interface-version';
/** The value of {@link UPDATER_INTERFACE_LABEL} that opts a node in. */
export const UPDATER_INTERFACE_VERSION = '2.0.0';

/** The value that the operator gives to the label that excludes a node from load balancers. */
export const EXCLUDE_FROM_LB_VALUE = 'True';

/** Label of the operator's own objects: which of its components they belong to. */
export const COMPONENT_LABEL = 'brupop.bottlerocket.aws/component';
/** {@link COMPONENT_LABEL} of the agents. */
export const AGENT_COMPONENT = 'agent';
/** {@link COMPONENT_LABEL} of the apiserver. */
export const APISERVER_COMPONENT = 'apiserver';
/** {@link COMPONENT_LABEL} of the controller. */
export const CONTROLLER_COMPONENT = 'brupop-controller';

/** ServiceAccount of the agents; the apiserver accepts no token of another. */
export const AGENT_SERVICE_ACCOUNT = 'brupop-agent-service-account';
/** ServiceAccount of the apiserver. */
export const APISERVER_SERVICE_ACCOUNT = 'brupop-apiserver-service-account';
/** ServiceAccount of the controller. */
export const CONTROLLER_SERVICE_ACCOUNT = 'brupop-controller-service-account';
/** Service through which agents and conversion webhook reach the apiserver. */
export const APISERVER_SERVICE = 'brupop-apiserver';
/** Service of the controller: metrics and the plan. */
export const CONTROLLER_SERVICE = 'brupop-controller-server';
/** DaemonSet of the agents. */
export const AGENT_DAEMON_SET = 'brupop-agent';
/** Deployment of the apiserver. */
export const APISERVER_DEPLOYMENT = 'brupop-apiserver';
/** Deployment of the controller. */
export const CONTROLLER_DEPLOYMENT = 'brupop-controller-deployment';
/** Lease that the leading controller holds. */
export const CONTROLLER_LEASE = 'brupop-controller';

/**
 * Node annotations that record what the operator owns; it undoes nothing else. The value of each is JSON: `{"since": RFC 3339, "prior": the
 * label's value before or null}`; that of a cordon also has `"last"`, the UIDs of the operator's own pods that were on the node before it.
 */
export const CORDONED_ANNOTATION = 'brupop.bottlerocket.aws/cordoned';
/**
 * Key of the taint, of effect `PreferNoSchedule`, of every node that is cordoned by any client: the operator's own servers, which may run
 * on cordoned nodes, prefer other nodes.
 */
export const CORDONED_TAINT = 'brupop.bottlerocket.aws/cordoned';
/** As {@link CORDONED_ANNOTATION}, for the exclusion from external load balancers. */
export const EXCLUDED_FROM_LB_ANNOTATION = 'brupop.bottlerocket.aws/excluded-from-lb';

/** The names on a Node that distinguish the operator's cordon and exclusion from those of other clients. */
export const OWNERSHIP_NAMES: { readonly cordonAnnotation: string; readonly exclusionAnnotation: string; readonly cordonTaint: string } = {
  cordonAnnotation: CORDONED_ANNOTATION,
  exclusionAnnotation: EXCLUDED_FROM_LB_ANNOTATION,
  cordonTaint: CORDONED_TAINT,
};

/**
 * Annotation of a shadow: the update window that its last step belongs to, as an ISO 8601 interval from the opening of the window to the
 * `state_transition_timestamp` of the spec. Written by the controller with the spec; void once another client has changed the spec.
 */
export const WINDOW_ANNOTATION = 'brupop.bottlerocket.aws/window';

/**
 * Annotation of a shadow: how many consecutive updates the controller has seen fail. Written with the spec. Agents report a count of their
 * own, which may be wrong.
 */
export const ATTEMPTS_ANNOTATION = 'brupop.bottlerocket.aws/failed-attempts';

/** Audience of the agents' projected tokens. */
export const TOKEN_AUDIENCE = 'brupop-apiserver';

// Object names are DNS subdomains of at most 253 characters (https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
const LONGEST_NAME = 253;
const PREFIX = 'brs-';
// No Node's name begins with a hyphen, so no shadow of a short name looks like this.
const LONG_PREFIX = 'brs--';

/**
 * The name of a node's shadow: `brs-<node name>`. Where that would be too long for Kubernetes (node names of 250 to 253 characters), it is
 * `brs--<hash>-<start of the node name>`: to cut it off would give two nodes one shadow.
 */
export function shadowName(nodeName: string): string {
  const name = `${PREFIX}${nodeName}`;
  if (name.length <= LONGEST_NAME) return name;
  const long = `${LONG_PREFIX}${hash(nodeName)}-${nodeName}`.slice(0, LONGEST_NAME);
  return long.replace(/[^a-z0-9]+$/, '');
}

/** The node that a shadow belongs to: its owner, else by its name; undefined if neither names one. */
export function nodeNameOf(shadow: {
  readonly metadata: { readonly name: string; readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[] };
}): string | undefined {
  const { name, ownerReferences } = shadow.metadata;
  const owner = ownerReferences?.find(({ kind }) => kind === 'Node');
  if (owner !== undefined) return owner.name;
  return name.startsWith(PREFIX) && !name.startsWith(LONG_PREFIX) ? name.slice(PREFIX.length) : undefined;
}

/** 64 bits of FNV-1a in hexadecimal: enough to distinguish the nodes of one cluster, without an import. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const character of text) value = BigInt.asUintN(64, (value ^ BigInt(character.codePointAt(0) ?? 0)) * 0x100000001b3n);
  return value.toString(16).padStart(16, '0');
}

/** Secret of the certificate authority. */
export const ROOT_CA_SECRET = 'brupop-root-ca-secret';
/** Secret from which agents take `ca.crt`. */
export const CLIENT_CERTIFICATE = 'brupop-apiserver-client-certificate';
