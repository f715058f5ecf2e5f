import { LIMITS } from './limits.ts';
import { fields, nullable, text, timestamp, uint32, version, withoutLimits, type JsonSchema } from './schema.ts';
import { PROGRESS_STEPS, SHADOW_STATES } from './shadow.ts';
import { SHADOW_V1_STATES } from './shadow-v1.ts';

const TITLE = 'BottlerocketShadow';

const shadowOf = (spec: JsonSchema, status: JsonSchema): JsonSchema => ({
  type: 'object',
  title: TITLE,
  description: 'What a node should do next, written by the controller, and what its agent last reported.',
  required: ['spec'],
  properties: { spec, status: nullable(status) },
});

const specOf = (states: readonly string[]): JsonSchema => ({
  type: 'object',
  description: 'What the node should do next. Written by the controller alone.',
  required: ['state'],
  properties: {
    state: { type: 'string', enum: states, description: 'The state that the node should be brought to.' },
    state_transition_timestamp: nullable(text('RFC 3339; when `state` was last changed.')),
    version: nullable(version('The version of Bottlerocket to update to.')),
  },
});

const CORE_REQUIRED = ['current_version', 'target_version', 'current_state'] as const;
const coreStatus = (states: readonly string[]): Readonly<Record<(typeof CORE_REQUIRED)[number], JsonSchema>> => ({
  current_version: version('The version that the host runs.'),
  target_version: version('The newest version that the host can update to.'),
  current_state: { type: 'string', enum: states, description: 'The state that the node is in.' },
});

const CONDITION: JsonSchema = fields(
  {
    type: text('Name of the condition, in CamelCase.', LIMITS.word),
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: text('Why, in one CamelCase word.', LIMITS.word),
    message: text('Why, for people.', LIMITS.conditionMessage),
    lastTransitionTime: timestamp('When `status` was last changed.'),
  },
  { observedGeneration: { type: 'integer', format: 'int64', minimum: 0 } },
);

const PROGRESS: JsonSchema = fields(
  {
    step: { type: 'string', enum: PROGRESS_STEPS },
    since: timestamp('When the step began.'),
    boot_id: text('Boot id of the host when the step began.', LIMITS.bootId),
    version: version('The version that the step is part of an update to.'),
  },
  {
    message: text('What it is doing or waiting for, for people.', LIMITS.message),
    reason: nullable(text('Why the step makes no progress, in one CamelCase word.', LIMITS.word)),
    until: nullable(timestamp('When the step ends by itself at the latest, if that is known.')),
  },
  'The last disruptive step that the agent began, written before the step.',
);

const FAILED_VERSION: JsonSchema = fields({
  version: version('The version that failed.'),
  failures: uint32('Consecutive failed attempts.', 1),
  last_failure_timestamp: timestamp('When it last failed.'),
});

const UPDATE_CHECK: JsonSchema = fields(
  {
    result: text('UpdateAvailable, NothingNewer, NotChecked (not since the host booted), or Failing (for half an hour).', LIMITS.word),
  },
  {
    checked_at: nullable(timestamp('When the host last checked with success since it booted.')),
    since: nullable(timestamp('Since when `result` is what it is.')),
    reason: nullable(text('Why the host cannot check, in one CamelCase word.', LIMITS.word)),
    message: nullable(text('Why the host cannot check, for people.', LIMITS.message)),
    interval_seconds: nullable(uint32('How often the host is to check, in seconds.')),
    newest_listed: nullable(version('The newest version that is listed, if a version lock or a wave holds it back.')),
  },
  'What the agent knows of updates for its host. Absent: the agent does not report it.',
);

// What v2 has and v1 has not. The original's fields come first; the others are additions and therefore optional.
const V2_STATUS_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  crash_count: uint32('Consecutive failed updates.'),
  state_transition_failure_timestamp: nullable(text('RFC 3339; the last failure.', LIMITS.timestamp)),
  conditions: {
    type: 'array',
    maxItems: LIMITS.conditions,
    items: CONDITION,
    description: 'Conditions of the update.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  },
  progress: nullable(PROGRESS),
  failed_versions: {
    type: 'array',
    maxItems: LIMITS.failedVersions,
    items: FAILED_VERSION,
    description: 'Versions that this host booted out of, or failed to install.',
  },
  boot_id: text('Boot id of the host when the status was written.', LIMITS.bootId),
  failure_message: nullable(
    text('Why the last update failed, or why the host has long been unable to look for one; for people.', LIMITS.message),
  ),
  unhealthy_before: nullable({
    type: 'array',
    maxItems: LIMITS.unhealthyBefore,
    items: text('A DaemonSet, as namespace/name.', LIMITS.objectKey),
    description: 'DaemonSets whose pod on the node was unhealthy before the drain; the update is not blamed for them.',
  }),
  update_check: nullable(UPDATE_CHECK),
};

/** Names of the status fields that v1 cannot hold. */
export const V2_STATUS_FIELDS: readonly string[] = Object.keys(V2_STATUS_PROPERTIES);

const statusOf = (core: readonly string[], properties: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  description: 'What the agent last reported.',
  required: core,
  properties,
});
const V2_REQUIRED = [...CORE_REQUIRED, 'crash_count'];

/** Schema of the status in v2, with limits on everything: what the apiserver takes from an agent. */
export const STATUS_SCHEMA: JsonSchema = statusOf(V2_REQUIRED, { ...coreStatus(SHADOW_STATES), ...V2_STATUS_PROPERTIES });

/** Names of the status fields that agents write; the controller writes the conditions. */
export const AGENT_STATUS_FIELDS: readonly string[] = Object.keys(STATUS_SCHEMA.properties ?? {}).filter((name) => name !== 'conditions');

// The fields of Brupop 1.x stay as they are: what is stored in them must remain readable and writable on every version of Kubernetes.
const ORIGINALS = ['state_transition_failure_timestamp'];
const storedStatus = (
  states: readonly string[],
  required: readonly string[],
  additions: Readonly<Record<string, JsonSchema>>,
): JsonSchema => {
  const core = Object.entries(coreStatus(states)).map(([name, schema]) => [name, withoutLimits(schema)]);
  const others = Object.entries(additions).map(([name, schema]) => [name, ORIGINALS.includes(name) ? withoutLimits(schema) : schema]);
  return statusOf(required, Object.fromEntries([...core, ...others]) as Record<string, JsonSchema>);
};

/** `openAPIV3Schema` of v2. */
export const SHADOW_V2_SCHEMA: JsonSchema = shadowOf(
  withoutLimits(specOf(SHADOW_STATES)),
  storedStatus(SHADOW_STATES, V2_REQUIRED, V2_STATUS_PROPERTIES),
);

/** `openAPIV3Schema` of v1. */
export const SHADOW_V1_SCHEMA: JsonSchema = shadowOf(
  withoutLimits(specOf(SHADOW_V1_STATES)),
  storedStatus(SHADOW_V1_STATES, CORE_REQUIRED, {}),
);

/** Schema of the v2 data that a v1 object carries in an annotation; without limits, so that no stored object loses it. */
export const V2_DATA_SCHEMA: JsonSchema = withoutLimits({
  type: 'object',
  properties: {
    spec: { type: 'object', required: ['state'], properties: { state: { type: 'string', enum: SHADOW_STATES } } },
    status: {
      type: 'object',
      required: ['current_state'],
      properties: { current_state: { type: 'string', enum: SHADOW_STATES }, ...V2_STATUS_PROPERTIES },
    },
  },
});
