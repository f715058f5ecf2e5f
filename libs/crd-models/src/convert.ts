import { validateV2Data } from './generated/validators.ts';
import { GROUP, KIND } from './names.ts';
import { isFields, parseWith } from './parse.ts';
import { V2_STATUS_FIELDS } from './shadow-schemas.ts';
import { SHADOW_V1_STATES, type ShadowV1State } from './shadow-v1.ts';
import { SHADOW_STATES, type ShadowState } from './shadow.ts';

/**
 * Annotation in which a v1 object carries what v1 cannot hold, so that an old client that reads and writes back loses nothing.
 * The name is ours in both versions: a v2 object never has it.
 */
export const V2_DATA_ANNOTATION = 'brupop.bottlerocket.aws/v2-data';

/** What became of one object. The message names the object. */
export type ConvertResult =
  { readonly ok: true; readonly object: Readonly<Record<string, unknown>> } | { readonly ok: false; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;
/** Content of {@link V2_DATA_ANNOTATION}; each part is present only if v1 cannot say it. */
interface V2Data {
  readonly spec?: { readonly state: ShadowState };
  /** `current_state` is the state as of v2, by which a later change is noticed. */
  readonly status?: { readonly current_state: ShadowState } & Fields;
}

const UP: Readonly<Record<ShadowV1State, ShadowState>> = {
  Idle: 'Idle',
  StagedUpdate: 'StagedAndPerformedUpdate',
  PerformedUpdate: 'StagedAndPerformedUpdate',
  RebootedIntoUpdate: 'RebootedIntoUpdate',
  MonitoringUpdate: 'MonitoringUpdate',
};
const DOWN: Readonly<Record<ShadowState, ShadowV1State>> = {
  Idle: 'Idle',
  StagedAndPerformedUpdate: 'StagedUpdate',
  RebootedIntoUpdate: 'RebootedIntoUpdate',
  MonitoringUpdate: 'MonitoringUpdate',
  ErrorReset: 'MonitoringUpdate',
};
const VERSIONS = [`${GROUP}/v1`, `${GROUP}/v2`] as const;

/**
 * Converts one object to `desiredApiVersion` (group and version). Everything that is not a state or a field of v2 alone is kept as
 * it is: metadata, and fields unknown to us. v2 → v1 → v2 gives the same object, unless the state was changed meanwhile. Never throws.
 */
export function convertShadow(object: unknown, desiredApiVersion: string): ConvertResult {
  const failed = (what: string): ConvertResult => ({ ok: false, message: `${describe(object)}: ${what}` });
  if (!VERSIONS.some((version) => version === desiredApiVersion)) return failed(expected('desiredAPIVersion', VERSIONS, desiredApiVersion));
  if (!isFields(object)) return failed('expected an object');
  const { apiVersion, kind, metadata, spec, status } = object;
  if (kind !== KIND) return failed(expected('kind', [KIND], kind));
  if (!VERSIONS.some((version) => version === apiVersion)) return failed(expected('apiVersion', VERSIONS, apiVersion));
  if (!isFields(metadata)) return failed('metadata: expected an object');
  if (!isFields(spec)) return failed('spec: expected an object');
  if (status !== undefined && status !== null && !isFields(status)) return failed('status: expected an object or null');

  const states: readonly string[] = apiVersion === VERSIONS[0] ? SHADOW_V1_STATES : SHADOW_STATES;
  if (!isOneOf(states, spec['state'])) return failed(expected('spec.state', states, spec['state']));
  if (isFields(status) && !isOneOf(states, status['current_state']))
    return failed(expected('status.current_state', states, status['current_state']));

  if (apiVersion === desiredApiVersion) return { ok: true, object };
  const parts = { metadata, spec, status };
  const converted = apiVersion === VERSIONS[0] ? upgrade(parts) : downgrade(parts);
  return { ok: true, object: { ...object, apiVersion: desiredApiVersion, ...converted } };
}

interface Parts {
  readonly metadata: Fields;
  readonly spec: Fields;
  readonly status: unknown;
}

function downgrade({ metadata, spec, status }: Parts): Fields {
  const annotations = without(annotationsOf(metadata), V2_DATA_ANNOTATION);
  const data: { spec?: Fields; status?: Fields } = {};
  const state = spec['state'] as ShadowState;
  if (UP[DOWN[state]] !== state) data.spec = { state };
  let downStatus = status;
  if (isFields(status)) {
    const currentState = status['current_state'] as ShadowState;
    const isOfV2 = (field: string): boolean => V2_STATUS_FIELDS.includes(field);
    const kept = Object.fromEntries(Object.entries(status).filter(([field]) => isOfV2(field)));
    const rest = Object.fromEntries(Object.entries(status).filter(([field]) => !isOfV2(field)));
    downStatus = { ...rest, current_state: DOWN[currentState] };
    // A crash count of 0 is what v1 → v2 assumes: most objects need no annotation at all.
    const isDefault = Object.keys(kept).length === 1 && kept['crash_count'] === 0;
    if (UP[DOWN[currentState]] !== currentState || !isDefault) data.status = { current_state: currentState, ...kept };
  }
  const carried = data.spec === undefined && data.status === undefined ? {} : { [V2_DATA_ANNOTATION]: JSON.stringify(data) };
  return withParts(withAnnotations(metadata, { ...annotations, ...carried }), { ...spec, state: DOWN[state] }, downStatus);
}

function upgrade({ metadata, spec, status }: Parts): Fields {
  const annotations = annotationsOf(metadata);
  const data = parseData(annotations[V2_DATA_ANNOTATION]);
  const state = spec['state'] as ShadowV1State;
  const upState = data.spec !== undefined && DOWN[data.spec.state] === state ? data.spec.state : UP[state];
  let upStatus = status;
  if (isFields(status)) {
    const currentState = status['current_state'] as ShadowV1State;
    // An old client that moved the node on knows nothing of the failures before: they no longer describe this state.
    const kept = data.status !== undefined && DOWN[data.status.current_state] === currentState ? ofV2(data.status) : {};
    upStatus = { crash_count: 0, ...status, current_state: UP[currentState], ...kept };
  }
  return withParts(withAnnotations(metadata, without(annotations, V2_DATA_ANNOTATION)), { ...spec, state: upState }, upStatus);
}

function withParts(metadata: Fields, spec: Fields, status: unknown): Fields {
  return { metadata, spec, ...(status === undefined ? {} : { status }) };
}

/** Metadata is left as it is, be it odd, unless ours among the annotations comes or goes. */
function withAnnotations(metadata: Fields, annotations: Fields): Fields {
  if (V2_DATA_ANNOTATION in annotationsOf(metadata) || V2_DATA_ANNOTATION in annotations) {
    const rest = without(metadata, 'annotations');
    return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations };
  }
  return metadata;
}

/** What v1 cannot hold, and the state that it belongs to: nothing else of an annotation that anyone may edit. */
function ofV2(status: Fields): Fields {
  return Object.fromEntries(Object.entries(status).filter(([field]) => field === 'current_state' || V2_STATUS_FIELDS.includes(field)));
}

function annotationsOf(metadata: Fields): Fields {
  const { annotations } = metadata;
  return isFields(annotations) ? annotations : {};
}

/** Anyone may edit an annotation: what does not fit the schema is as good as absent. */
function parseData(carried: unknown): V2Data {
  if (typeof carried !== 'string') return {};
  try {
    const parsed = parseWith<V2Data>(validateV2Data, JSON.parse(carried), V2_DATA_ANNOTATION);
    return parsed.ok ? parsed.value : {};
  } catch {
    return {};
  }
}

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
}

function isOneOf(allowed: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && allowed.includes(value);
}

function expected(path: string, allowed: readonly string[], value: unknown): string {
  const found = typeof value === 'string' ? JSON.stringify(value) : value === undefined ? 'nothing' : `a value of type ${typeof value}`;
  return `${path}: expected ${allowed.join(' or ')}, got ${found}`;
}

function describe(object: unknown): string {
  const metadata = isFields(object) ? object['metadata'] : undefined;
  const name = isFields(metadata) ? metadata['name'] : undefined;
  return `${KIND} ${typeof name === 'string' ? name : 'without a name'}`;
}
