import {
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  EXCLUDE_FROM_LB_LABEL,
  EXCLUDE_FROM_LB_VALUE,
  EXCLUDED_FROM_LB_ANNOTATION,
  OWNERSHIP_ANNOTATIONS,
  ownershipState,
  type OwnershipAnnotation,
} from '@brupop/crd-models';
import type { PodSurvey } from './survey.ts';

/** A taint of a Node. */
export interface NodeTaint {
  readonly key: string;
  readonly effect: string;
}

/** The part of a Node that cordoning and load balancer exclusion look at. */
export interface DrainNode {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly NodeTaint[] };
  readonly status?: { readonly conditions?: readonly NodeCondition[] };
}

/** A condition of a Node. */
export interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** A merge patch of a Node; `null` removes. */
export interface NodePatch {
  readonly metadata: {
    readonly labels?: Readonly<Record<string, string | null>>;
    readonly annotations?: Readonly<Record<string, string | null>>;
  };
  readonly spec?: { readonly unschedulable?: boolean | null; readonly taints?: readonly NodeTaint[] | null };
}

/** What an ownership annotation says. */
export interface Ownership {
  /** RFC 3339; since when we hold it. */
  readonly since: string;
  /** The value that was there before us, `null` if none. */
  readonly prior: string | null;
  /** Of a cordon: UIDs of the pods to be evicted last that were there before it. Those that are not among them have come since. */
  readonly last?: readonly string[];
  /** Of a cordon: UIDs of the other pods that ignore cordons and were there before it. */
  readonly present?: readonly string[];
  /** Of a cordon: that pods which were there used volumes that may be attached to the node. */
  readonly volumes?: true;
}

/** What the pods of a node tell before its cordon, to be recorded with it. */
export type SeenPods = Pick<PodSurvey, 'presentUids' | 'usesVolumes'>;

/** A change of a Node, or none because it is already as it should be. */
export interface NodeChange {
  readonly patch?: NodePatch;
  /** What is held after the change; absent when nothing is. */
  readonly held?: Ownership;
  /** After undoing: whether somebody else's setting stays, such as an administrator's cordon. */
  readonly keptByOther: boolean;
}

/**
 * Reads an ownership annotation.
 * @returns undefined if there is none. One that cannot be read is still ours: nobody else writes it, so its time and prior value are unknown.
 */
export function parseOwnership(text: string | undefined): (Omit<Ownership, 'since'> & { readonly since?: string }) | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return { prior: null };
    const { since, prior, last, present, volumes } = value as Readonly<Partial<Record<keyof Ownership, unknown>>>;
    return {
      ...(typeof since === 'string' && !Number.isNaN(Date.parse(since)) ? { since } : {}),
      prior: typeof prior === 'string' ? prior : null,
      ...(Array.isArray(last) ? { last: last.filter((uid) => typeof uid === 'string') } : {}),
      ...(Array.isArray(present) ? { present: present.filter((uid) => typeof uid === 'string') } : {}),
      ...(volumes === true ? { volumes } : {}),
    };
  } catch {
    return { prior: null };
  }
}

/** What a mark says that still holds. A void one says nothing: whoever undid what it marks has ended that, and what comes next has another prior value. */
function ownershipOf(node: DrainNode, mark: OwnershipAnnotation): ReturnType<typeof parseOwnership> {
  return ownershipState(node, mark) === 'valid' ? parseOwnership(node.metadata.annotations?.[mark]) : undefined;
}

// Clocks of nodes differ a little. A mark from further ahead was made by a clock that has since been put right.
const TOLERATED_AHEAD_MS = 60 * 60_000;

/** A mark without a time from which a timeout could be counted is made anew: else a drain would not end before that time has come. */
function withCredibleTime(ours: ReturnType<typeof parseOwnership>, now: string): ReturnType<typeof parseOwnership> {
  if (ours?.since === undefined || Date.parse(ours.since) <= Date.parse(now) + TOLERATED_AHEAD_MS) return ours;
  return Object.fromEntries(Object.entries(ours).filter(([field]) => field !== 'since')) as Omit<typeof ours, 'since'>;
}

function withTaint(node: DrainNode): readonly NodeTaint[] {
  return [...(withoutTaint(node) ?? []), { key: CORDONED_TAINT, effect: 'PreferNoSchedule' }];
}

/** As a merge patch takes them: `null` for none. */
function withoutTaint({ spec }: DrainNode): readonly NodeTaint[] | null {
  const others = spec?.taints?.filter(({ key }) => key !== CORDONED_TAINT) ?? [];
  return others.length === 0 ? null : others;
}

/** Whether the taint of cordoned nodes is among a node's. */
export function hasCordonTaint(taints: readonly NodeTaint[] | undefined): boolean {
  return taints?.some(({ key }) => key === CORDONED_TAINT) ?? false;
}

/**
 * Decides how to cordon a node so that it can be undone. A node that somebody else had cordoned is marked with that prior value. One that was uncordoned
 * in spite of its mark is cordoned afresh, with a new mark: the old one does not hold any more.
 * @param now RFC 3339
 * @param last UIDs of the pods on the node that are to be evicted last
 * @param seen undefined if the pods have not been listed
 */
export function planCordon(node: DrainNode, now: string, last: readonly string[] = [], seen?: SeenPods): NodeChange {
  const ours = withCredibleTime(ownershipOf(node, CORDONED_ANNOTATION), now);
  const isTainted = hasCordonTaint(node.spec?.taints);
  const cordoned = node.spec?.unschedulable === true;
  const prior = ours === undefined ? (cordoned ? 'true' : null) : ours.prior;
  const present = ours?.present ?? seen?.presentUids;
  const usesVolumes = ours?.present === undefined ? seen?.usesVolumes === true : ours.volumes === true;
  const held: Ownership = {
    since: ours?.since ?? now,
    prior,
    last: ours?.last ?? last,
    ...(present === undefined ? {} : { present }),
    ...(usesVolumes ? { volumes: true } : {}),
  };
  const isWritten = ours?.since !== undefined && ours.last !== undefined && ours.present === present;
  if (isWritten && isTainted) return { held, keptByOther: false };
  return {
    patch: {
      metadata: { annotations: { [CORDONED_ANNOTATION]: JSON.stringify(held) } },
      spec: { unschedulable: true, taints: withTaint(node) },
    },
    held,
    keptByOther: false,
  };
}

/** Whether the cordon is in place, and its mark tells which pods were there before it: then they need not be listed again. */
export function isCordonRecorded(node: DrainNode): boolean {
  return ownershipOf(node, CORDONED_ANNOTATION)?.present !== undefined;
}

/** Decides how to undo {@link planCordon}: a cordon that is not ours, or was there before ours, stays, and with it the taint. */
export function planUncordon(node: DrainNode): NodeChange {
  const ours = parseOwnership(node.metadata.annotations?.[CORDONED_ANNOTATION]);
  const cordoned = node.spec?.unschedulable === true;
  if (ours === undefined) return { keptByOther: cordoned };
  const keptByOther = cordoned && ours.prior === 'true';
  const spec = {
    ...(cordoned && !keptByOther ? { unschedulable: null } : {}),
    ...(hasCordonTaint(node.spec?.taints) && !keptByOther ? { taints: withoutTaint(node) } : {}),
  };
  const metadata = { annotations: { [CORDONED_ANNOTATION]: null } };
  return { patch: { metadata, ...(Object.keys(spec).length === 0 ? {} : { spec }) }, keptByOther };
}

/** What is to be put right on a node whoever holds it. */
export interface Tidying {
  /** Whether a cordoned node is to bear the taint of cordoned nodes; false takes it away in any case. */
  readonly tainted: boolean;
  /** By annotation: the text of a mark that was seen to be void. It stays void, whatever has been done to the node since. */
  readonly voided?: Readonly<Partial<Record<OwnershipAnnotation, string>>>;
}

/** Decides which marks do not hold any more, and whether the taint of cordoned nodes is to come or to go, whoever cordoned the node. */
export function planTidy(node: DrainNode, { tainted, voided }: Tidying): NodeChange {
  const { annotations } = node.metadata;
  const isVoid = (mark: OwnershipAnnotation): boolean =>
    ownershipState(node, mark) === 'void' || (annotations?.[mark] !== undefined && annotations[mark] === voided?.[mark]);
  const marks = Object.fromEntries(OWNERSHIP_ANNOTATIONS.filter(isVoid).map((mark) => [mark, null]));
  const wanted = tainted && node.spec?.unschedulable === true;
  const isTaintRight = wanted === hasCordonTaint(node.spec?.taints);
  if (isTaintRight && Object.keys(marks).length === 0) return { keptByOther: false };
  const metadata = Object.keys(marks).length === 0 ? {} : { annotations: marks };
  const spec = isTaintRight ? {} : { spec: { taints: wanted ? withTaint(node) : withoutTaint(node) } };
  return { patch: { metadata, ...spec }, keptByOther: false };
}

/**
 * Decides how to take a node out of external load balancers so that it can be undone.
 * @param now RFC 3339
 */
export function planExclusion(node: DrainNode, now: string): NodeChange {
  const ours = ownershipOf(node, EXCLUDED_FROM_LB_ANNOTATION);
  const label = node.metadata.labels?.[EXCLUDE_FROM_LB_LABEL];
  const held: Ownership = { since: ours?.since ?? now, prior: ours === undefined ? (label ?? null) : ours.prior };
  if (ours?.since !== undefined) return { held, keptByOther: false };
  return {
    patch: {
      metadata: {
        // The label's mere presence excludes, whatever its value: one that is there stays as it is.
        ...(label === undefined ? { labels: { [EXCLUDE_FROM_LB_LABEL]: EXCLUDE_FROM_LB_VALUE } } : {}),
        annotations: { [EXCLUDED_FROM_LB_ANNOTATION]: JSON.stringify(held) },
      },
    },
    held,
    keptByOther: false,
  };
}

/** Decides how to undo {@link planExclusion}: a label that is not ours, was there before ours, or was changed since, stays. */
export function planInclusion(node: DrainNode): NodeChange {
  const ours = parseOwnership(node.metadata.annotations?.[EXCLUDED_FROM_LB_ANNOTATION]);
  const label = node.metadata.labels?.[EXCLUDE_FROM_LB_LABEL];
  if (ours === undefined) return { keptByOther: label !== undefined };
  const annotations = { [EXCLUDED_FROM_LB_ANNOTATION]: null };
  const remove = label === EXCLUDE_FROM_LB_VALUE && ours.prior === null;
  return {
    patch: { metadata: remove ? { labels: { [EXCLUDE_FROM_LB_LABEL]: null }, annotations } : { annotations } },
    keptByOther: label !== undefined && !remove,
  };
}

/** Decides how to undo {@link planCordon} and {@link planExclusion} in one patch. @returns with `keptByOther` of the cordon */
export function planReturn(node: DrainNode): NodeChange {
  const [cordon, exclusion] = [planUncordon(node), planInclusion(node)];
  const { keptByOther } = cordon;
  if (cordon.patch === undefined || exclusion.patch === undefined)
    return { ...(exclusion.patch === undefined ? cordon : exclusion), keptByOther };
  const { metadata, ...rest } = cordon.patch;
  const annotations = { ...metadata.annotations, ...exclusion.patch.metadata.annotations };
  return { patch: { ...rest, metadata: { ...exclusion.patch.metadata, annotations } }, keptByOther };
}

/**
 * Decides how to mark as ours what an operator without ownership annotations (Brupop 1.x) did to a node, so that it will be undone.
 * Call it only for a node known to be in the middle of such an update.
 * @param now RFC 3339
 */
export function planAdoption(node: DrainNode, now: string): NodeChange {
  const marks: Record<string, string> = {};
  const held: Ownership = { since: now, prior: null };
  const { annotations, labels } = node.metadata;
  if (node.spec?.unschedulable === true && annotations?.[CORDONED_ANNOTATION] === undefined)
    marks[CORDONED_ANNOTATION] = JSON.stringify(held);
  if (labels?.[EXCLUDE_FROM_LB_LABEL] === EXCLUDE_FROM_LB_VALUE && annotations?.[EXCLUDED_FROM_LB_ANNOTATION] === undefined)
    marks[EXCLUDED_FROM_LB_ANNOTATION] = JSON.stringify(held);
  return Object.keys(marks).length === 0
    ? { keptByOther: false }
    : { patch: { metadata: { annotations: marks } }, held, keptByOther: false };
}
