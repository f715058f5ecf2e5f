// Shapes of the API's JSON, where a time is a string, with the fields that this project reads or writes; an object may have more.

/** `metav1.ObjectMeta` of a stored object. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  /** RFC 3339; the end of the grace period of an object that is being deleted. */
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  /** Which client set which fields. */
  readonly managedFields?: readonly { readonly fieldsV1?: unknown }[];
}

/** `metav1.OwnerReference`. */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

/** Any object. Items of a list have no `apiVersion` and `kind`. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** Any list. */
export interface KubeList<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly T[];
}

/** A condition of any object. Of a Node or a Pod, only `type` and `status` are required. */
export interface StatusCondition {
  readonly type: string;
  /** `True`, `False` or `Unknown`. */
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339. */
  readonly lastTransitionTime?: string;
}

/** `metav1.Condition`, the condition of a custom resource. */
export interface Condition extends StatusCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** A taint of a Node. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** A toleration of a Pod. */
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** `core/v1 Node`. */
export interface KubeNode extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[]; readonly providerID?: string };
  readonly status?: { readonly conditions?: readonly StatusCondition[]; readonly nodeInfo?: { readonly bootID?: string } };
}

/** `core/v1 Pod`. */
export interface KubePod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly priority?: number;
    readonly tolerations?: readonly Toleration[];
    readonly volumes?: readonly PodVolume[];
  };
  readonly status?: { readonly phase?: string; readonly conditions?: readonly StatusCondition[] };
}

/** A volume of a Pod that may be attached to the node. */
export interface PodVolume {
  readonly name?: string;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  /** The claim is made with the Pod; its name follows from both names. */
  readonly ephemeral?: unknown;
}

/** `core/v1 PersistentVolumeClaim`. */
export interface PersistentVolumeClaim extends KubeObject {
  readonly spec?: { readonly volumeName?: string };
}

/** `storage.k8s.io/v1 VolumeAttachment`. */
export interface VolumeAttachment extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly source?: { readonly persistentVolumeName?: string } };
}

/** `core/v1 Secret`; the values of `data` are base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** `coordination.k8s.io/v1 Lease`. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    /** RFC 3339 with microseconds. */
    readonly acquireTime?: string;
    /** RFC 3339 with microseconds. */
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** `core/v1 ObjectReference`. */
export interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** `events.k8s.io/v1 Event`. */
export interface KubeEvent extends KubeObject {
  /** RFC 3339 with microseconds. */
  readonly eventTime: string;
  readonly reportingController?: string;
  /** At most 128 characters. */
  readonly reportingInstance?: string;
  readonly action?: string;
  readonly reason?: string;
  readonly regarding?: ObjectReference;
  /** For people; at most 1,024 bytes. */
  readonly note?: string;
  /** `Normal` or `Warning`. */
  readonly type?: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

/** `status` of an `authentication.k8s.io/v1 TokenReview`. */
export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user?: {
    readonly username?: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
  readonly audiences?: readonly string[];
  readonly error?: string;
}
