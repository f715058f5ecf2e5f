import { SHADOW_STATES } from '@brupop/crd-models';
import { CHANGE_REASONS, HOLD_REASONS, UPDATE_PHASES } from '@brupop/state-machine';

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const time = (description: string): JsonSchema => ({ type: 'string', format: 'date-time', description });
const orNull = (schema: JsonSchema, description: string): JsonSchema => ({ anyOf: [schema, { type: 'null' }], description });
const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
const names = (description: string): JsonSchema => ({ type: 'array', items: { type: 'string' }, description });
/** Everything is there, and more may come. */
const object = (properties: Readonly<Record<string, JsonSchema>>, description: string): JsonSchema => ({
  type: 'object',
  description,
  required: Object.keys(properties),
  properties,
});

const REASONS = [...new Set([...Object.keys(CHANGE_REASONS), ...Object.keys(HOLD_REASONS)])];

const NODE: JsonSchema = {
  type: 'object',
  required: ['node', 'next', 'reason', 'message'],
  properties: {
    node: { type: 'string', description: 'Name of the Node.' },
    next: { enum: ['step', 'wait'], description: '`step`: it takes its next step now; `wait`: it waits.' },
    reason: { enum: REASONS, description: 'Why, in one word; docs/operations.md explains each.' },
    message: { type: 'string', description: 'What it does or waits for; the same words as in Events, conditions and the log.' },
    until: time('Until when, if time alone may change it.'),
    since: time('Since when it waits, if the cluster tells.'),
    state: { enum: SHADOW_STATES, description: 'What the node was told to reach last.' },
    version: { type: 'string', description: 'The version that it runs.' },
    targetVersion: { type: 'string', description: 'The version that it is to be updated to; the same as `version` if there is none.' },
    estimatedAt: time('When the node is likely to be updated. Absent: unknown, or nothing to do.'),
  },
};

/** JSON Schema of what `GET /plan` answers; docs/plan.schema.json is generated from it. */
export const PLAN_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Plan of the Bottlerocket update operator',
  ...object(
    {
      at: time('When this was worked out; at most a second ago.'),
      leader: { type: 'boolean', description: 'Whether the process that answers carries the plan out. A follower tells what it would do.' },
      leaderIdentity: orNull({ type: 'string' }, 'Who leads: the holder of the Lease. null: nobody, or not known yet.'),
      synced: {
        type: 'boolean',
        description: 'Whether everything has been read from the Kubernetes API; before that, nodes may be missing.',
      },
      window: object(
        {
          open: { type: 'boolean' },
          opensAt: orNull(time('When it opens next.'), 'null: it is open, or never opens again.'),
          closesAt: orNull(time('When it closes.'), 'null: it is closed, or closes in more than a fortnight, or never.'),
        },
        'When updates may start.',
      ),
      budget: object(
        {
          maxConcurrentUpdates: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'unlimited' }], description: 'MAX_CONCURRENT_UPDATE.' },
          used: count('How many nodes use it.'),
          usedBy: names('Nodes that are being updated, or were made unavailable by an update and have not come back.'),
          maxUnavailable: orNull({ type: 'integer', minimum: 1 }, 'MAX_UNAVAILABLE as a number of nodes. null: no limit.'),
          unavailable: count('How many nodes are unavailable.'),
          unavailableNodes: names('Nodes that are not Ready or cordoned, for any reason, or may become so at any moment.'),
        },
        'How many nodes may be updated at once, and which are.',
      ),
      estimate: object(
        {
          finishesAt: orNull(time('When the last of them is likely to be updated.'), 'null: nothing is known yet, or nothing to do.'),
          unknown: count('Nodes to be updated of which nothing can be said.'),
          phaseSeconds: {
            type: 'object',
            propertyNames: { enum: UPDATE_PHASES },
            additionalProperties: { type: 'number', minimum: 0 },
            description: 'What the estimate rests on: the average of each phase that this process has measured.',
          },
        },
        'When the fleet is likely to be updated, if all goes as it has so far.',
      ),
      counts: {
        type: 'object',
        propertyNames: { enum: REASONS },
        additionalProperties: { type: 'integer', minimum: 1 },
        description: 'How many nodes there are of each reason.',
      },
      nodes: { type: 'array', items: NODE, description: 'One entry for each managed node, or those that the query asked for.' },
      recheckAt: orNull(time('When the controller looks again even if nothing is seen to change.'), 'null: never.'),
    },
    'What GET /plan of the controller answers. Names and meanings stay; further fields may come.',
  ),
};
