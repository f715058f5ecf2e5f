import { EXCLUDE_FROM_LB_LABEL, isCordoned, timestampMs, type KubeNode, type Taint } from '@brupop/kube-objects';
import {
  ownedCordon,
  ownedExclusion,
  parseOwnership,
  voidAnnotations,
  type Ownership,
  type OwnershipNames,
  type RecordedOwnership,
} from './ownership.ts';
import type { PodSurvey } from './survey.ts';

/** A merge patch of a Node; `null` removes. */
export interface NodePatch {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly spec?: { readonly unschedulable?: boolean | null; readonly taints?: readonly Taint[] | null };
}

/** What {@link planCordon} records of the pods on the node. */
export type SeenPods = Pick<PodSurvey, 'presentUids' | 'usesVolumes'>;

/** A change of a Node. */
export interface NodeChange {
  /** Absent if the Node is already as it should be. */
  readonly patch?: NodePatch;
  /** What the operator owns after the change; absent if nothing. */
  readonly owned?: Ownership;
  /** After an undo: whether another client's cordon or exclusion stays. */
  readonly keptByOther: boolean;
}

/** The value that the operator gives to {@link EXCLUDE_FROM_LB_LABEL}. */
const EXCLUDE_FROM_LB_VALUE = 'True';

// Clocks of nodes differ a little. A time further ahead comes from a clock that has been corrected since.
const TOLERATED_AHEAD_MS = 60 * 60_000;

/** Drops a time that is too far in the future, so that the cordon is recorded again: a timeout counted from it would end too late. */
function withCredibleTime(record: RecordedOwnership | undefined, now: string): RecordedOwnership | undefined {
  const [sinceMs, nowMs = 0] = [timestampMs(record?.since), timestampMs(now)];
  if (record === undefined || sinceMs === undefined || sinceMs <= nowMs + TOLERATED_AHEAD_MS) return record;
  return Object.fromEntries(Object.entries(record).filter(([field]) => field !== 'since')) as Omit<RecordedOwnership, 'since'>;
}

function withTaint(node: KubeNode, names: OwnershipNames): readonly Taint[] {
  return [...(withoutTaint(node, names) ?? []), { key: names.cordonTaint, effect: 'PreferNoSchedule' }];
}

/** In the form of a merge patch: `null` for no taints. */
function withoutTaint({ spec }: KubeNode, { cordonTaint }: OwnershipNames): readonly Taint[] | null {
  const others = spec?.taints?.filter(({ key }) => key !== cordonTaint) ?? [];
  return others.length === 0 ? null : others;
}

function hasTaint({ spec }: KubeNode, { cordonTaint }: OwnershipNames): boolean {
  return spec?.taints?.some(({ key }) => key === cordonTaint) ?? false;
}

/**
 * Plans to cordon a node so that the cordon can be undone. If another client has cordoned the node, the annotation records that as the
 * prior value. A node that was uncordoned despite its annotation is cordoned and recorded again.
 * @param now RFC 3339
 * @param last UIDs of the pods on the node that are to be evicted last
 * @param seen undefined if the pods have not been listed
 */
export function planCordon(node: KubeNode, names: OwnershipNames, now: string, last: readonly string[] = [], seen?: SeenPods): NodeChange {
  const record = withCredibleTime(ownedCordon(node, names), now);
  const prior = record === undefined ? (isCordoned(node) ? 'true' : null) : record.prior;
  const present = record?.present ?? seen?.presentUids;
  const usesVolumes = record?.present === undefined ? seen?.usesVolumes === true : record.volumes === true;
  const owned: Ownership = {
    since: record?.since ?? now,
    prior,
    last: record?.last ?? last,
    ...(present === undefined ? {} : { present }),
    ...(usesVolumes ? { volumes: true } : {}),
  };
  const isRecorded = record?.since !== undefined && record.last !== undefined && record.present === present;
  if (isRecorded && hasTaint(node, names)) return { owned, keptByOther: false };
  return {
    patch: {
      metadata: { annotations: { [names.cordonAnnotation]: JSON.stringify(owned) } },
      spec: { unschedulable: true, taints: withTaint(node, names) },
    },
    owned,
    keptByOther: false,
  };
}

/** Whether the cordon is in place and its annotation records the pods that were on the node before it, so that no new list is needed. */
export function isCordonRecorded(node: KubeNode, names: OwnershipNames): boolean {
  return ownedCordon(node, names)?.present !== undefined;
}

/** Plans to undo {@link planCordon}. A cordon of another client, or one that was there before, stays, and so does the taint. */
export function planUncordon(node: KubeNode, names: OwnershipNames): NodeChange {
  const record = parseOwnership(node.metadata.annotations?.[names.cordonAnnotation]);
  const cordoned = isCordoned(node);
  if (record === undefined) return { keptByOther: cordoned };
  const keptByOther = cordoned && record.prior === 'true';
  const spec = {
    ...(cordoned && !keptByOther ? { unschedulable: null } : {}),
    ...(hasTaint(node, names) && !keptByOther ? { taints: withoutTaint(node, names) } : {}),
  };
  const metadata = { annotations: { [names.cordonAnnotation]: null } };
  return { patch: { metadata, ...(Object.keys(spec).length === 0 ? {} : { spec }) }, keptByOther };
}

/** What {@link planTidy} corrects. */
export interface Tidying {
  /** Whether a cordoned node is to have the taint of cordoned nodes; false removes the taint from any node. */
  readonly tainted: boolean;
  /** By annotation: the value that was seen when it was void. With this value it stays void, whatever has happened to the node since. */
  readonly voided?: Readonly<Partial<Record<string, string>>>;
}

/** Plans to remove void ownership annotations, and to add or remove the taint of cordoned nodes. */
export function planTidy(node: KubeNode, names: OwnershipNames, { tainted, voided = {} }: Tidying): NodeChange {
  const { annotations } = node.metadata;
  const wereVoid = [names.cordonAnnotation, names.exclusionAnnotation].filter(
    (name) => annotations?.[name] !== undefined && annotations[name] === voided[name],
  );
  const removed = Object.fromEntries([...voidAnnotations(node, names), ...wereVoid].map((name) => [name, null]));
  const wantsTaint = tainted && isCordoned(node);
  const isTaintRight = wantsTaint === hasTaint(node, names);
  if (isTaintRight && Object.keys(removed).length === 0) return { keptByOther: false };
  const metadata = Object.keys(removed).length === 0 ? {} : { annotations: removed };
  const spec = isTaintRight ? {} : { spec: { taints: wantsTaint ? withTaint(node, names) : withoutTaint(node, names) } };
  return { patch: { metadata, ...spec }, keptByOther: false };
}

/**
 * Plans to exclude a node from external load balancers so that the exclusion can be undone.
 * @param now RFC 3339
 */
export function planExclusion(node: KubeNode, names: OwnershipNames, now: string): NodeChange {
  const record = ownedExclusion(node, names);
  const label = node.metadata.labels?.[EXCLUDE_FROM_LB_LABEL];
  const owned: Ownership = { since: record?.since ?? now, prior: record === undefined ? (label ?? null) : record.prior };
  if (record?.since !== undefined) return { owned, keptByOther: false };
  return {
    patch: {
      metadata: {
        // The label excludes whatever its value is, so an existing one stays as it is.
        ...(label === undefined ? { labels: { [EXCLUDE_FROM_LB_LABEL]: EXCLUDE_FROM_LB_VALUE } } : {}),
        annotations: { [names.exclusionAnnotation]: JSON.stringify(owned) },
      },
    },
    owned,
    keptByOther: false,
  };
}

/** Plans to undo {@link planExclusion}. A label of another client, or one that was there before or has been changed since, stays. */
export function planInclusion(node: KubeNode, names: OwnershipNames): NodeChange {
  const record = parseOwnership(node.metadata.annotations?.[names.exclusionAnnotation]);
  const label = node.metadata.labels?.[EXCLUDE_FROM_LB_LABEL];
  if (record === undefined) return { keptByOther: label !== undefined };
  const annotations = { [names.exclusionAnnotation]: null };
  const remove = label === EXCLUDE_FROM_LB_VALUE && record.prior === null;
  return {
    patch: { metadata: remove ? { labels: { [EXCLUDE_FROM_LB_LABEL]: null }, annotations } : { annotations } },
    keptByOther: label !== undefined && !remove,
  };
}

/** Plans to undo {@link planCordon} and {@link planExclusion} in one patch. @returns with `keptByOther` of the cordon */
export function planRestore(node: KubeNode, names: OwnershipNames): NodeChange {
  const [cordon, exclusion] = [planUncordon(node, names), planInclusion(node, names)];
  const { keptByOther } = cordon;
  if (cordon.patch === undefined || exclusion.patch === undefined)
    return { ...(exclusion.patch === undefined ? cordon : exclusion), keptByOther };
  const { metadata, ...rest } = cordon.patch;
  const annotations = { ...metadata.annotations, ...exclusion.patch.metadata.annotations };
  return { patch: { ...rest, metadata: { ...exclusion.patch.metadata, annotations } }, keptByOther };
}

/**
 * Plans to record as the operator's own the cordon and exclusion of an operator without ownership annotations, so that they will be undone.
 * Call it only for a node that is known to be in the middle of an update by such an operator.
 * @param now RFC 3339
 */
export function planAdoption(node: KubeNode, names: OwnershipNames, now: string): NodeChange {
  const recorded: Record<string, string> = {};
  const owned: Ownership = { since: now, prior: null };
  const { annotations, labels } = node.metadata;
  if (isCordoned(node) && annotations?.[names.cordonAnnotation] === undefined) recorded[names.cordonAnnotation] = JSON.stringify(owned);
  if (labels?.[EXCLUDE_FROM_LB_LABEL] === EXCLUDE_FROM_LB_VALUE && annotations?.[names.exclusionAnnotation] === undefined)
    recorded[names.exclusionAnnotation] = JSON.stringify(owned);
  return Object.keys(recorded).length === 0
    ? { keptByOther: false }
    : { patch: { metadata: { annotations: recorded } }, owned, keptByOther: false };
}
