import { SHADOW_STATES } from '@brupop/crd-models';
import { CHANGE_REASONS, HOLD_REASONS, UPDATE_PHASES } from '@brupop/state-machine';
import type { NodeView, PlanView } from './plan-view.ts';

/** JSON Schema, draft 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const time = (description: string): JsonSchema => ({ type: 'string', format: 'date-time', description });
const orNull = (schema: JsonSchema, description: string): JsonSchema => ({ anyOf: [schema, { type: 'null' }], description });
const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });
const names = (description: string): JsonSchema => ({ type: 'array', items: { type: 'string' }, description });
/** An object with all fields of `T`, which are required, and perhaps more. */
const object = <T>(properties: Readonly<Record<keyof T, JsonSchema>>, description: string): JsonSchema => ({
  type: 'object',
  description,
  required: Object.keys(properties),
  properties,
});

const REASONS = [...new Set([...Object.keys(CHANGE_REASONS), ...Object.keys(HOLD_REASONS)])];

const NODE: JsonSchema & { readonly properties: Readonly<Record<keyof NodeView, JsonSchema>> } = {
  type: 'object',
  required: ['node', 'next', 'reason', 'message'],
  properties: {
    node: { type: 'string', description: 'Name of the Node.' },
    next: { enum: ['step', 'wait'], description: '`step`: the node takes its next step now; `wait`: it waits.' },
    reason: { enum: REASONS, description: 'The reason, in CamelCase; docs/operations.md explains each.' },
    message: { type: 'string', description: 'What the node does or waits for; the same text as in Events, conditions and the log.' },
    until: time('Until when the reason holds, if time alone may change it.'),
    since: time('Since when the node waits, if it is known.'),
    state: { enum: SHADOW_STATES, description: 'The desired state of the node: the state in the spec of its shadow.' },
    version: { type: 'string', description: 'The version that the node runs.' },
    targetVersion: {
      type: 'string',
      description: 'The version that the node is to be updated to; the same as `version` if there is no update.',
    },
    estimatedAt: time('When the node is expected to be updated. Absent: unknown, or nothing to do.'),
  },
};

/** JSON Schema of the response to `GET /plan`; docs/plan.schema.json is generated from it. */
export const PLAN_SCHEMA: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Plan of the Bottlerocket update operator',
  ...object<PlanView>(
    {
      at: time(
        'When the plan was made. A leader shows the plan that it carried out last: it plans again at most 5 seconds after a change, and at least once a minute. A follower plans at most once a second.',
      ),
      leader: {
        type: 'boolean',
        description: 'Whether the process that answers is the leader, which carries the plan out. A follower shows what it would do.',
      },
      leaderIdentity: orNull(
        { type: 'string' },
        'The identity of the leader: the holder of the Lease. null: there is none, or it is not known yet.',
      ),
      synced: {
        type: 'boolean',
        description: 'Whether the caches have synced with the Kubernetes API; until then, nodes may be missing.',
      },
      window: object<PlanView['window']>(
        {
          open: { type: 'boolean' },
          opensAt: orNull(time('When the window opens next.'), 'null: it is open, or never opens again.'),
          closesAt: orNull(time('When the window closes.'), 'null: it is closed, closes in more than two weeks, or never closes.'),
        },
        'The update window: when updates may start.',
      ),
      budget: object<PlanView['budget']>(
        {
          maxConcurrentUpdates: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'unlimited' }], description: 'MAX_CONCURRENT_UPDATE.' },
          used: count('How many slots are in use.'),
          usedBy: names('Nodes that are being updated, or that an update made unavailable and that have not come back.'),
          maxUnavailable: orNull({ type: 'integer', minimum: 1 }, 'MAX_UNAVAILABLE as a number of nodes. null: no limit.'),
          unavailable: count('How many nodes are unavailable.'),
          unavailableNodes: names('Nodes that are not Ready or are cordoned, for any reason, or that may become so at any moment.'),
        },
        'How many nodes may be updated at the same time, and which are being updated.',
      ),
      estimate: object<PlanView['estimate']>(
        {
          finishesAt: orNull(
            time('When the last node with an estimate is expected to be updated.'),
            'null: nothing has been measured yet, or there is nothing to do.',
          ),
          unknown: count('Nodes to be updated for which there is no estimate.'),
          phaseSeconds: {
            type: 'object',
            propertyNames: { enum: UPDATE_PHASES },
            additionalProperties: { type: 'number', minimum: 0 },
            description: 'The basis of the estimate: the average duration of each phase that this process has measured.',
          },
        },
        'When the fleet is expected to be updated, judging by the updates so far; as of at most a second ago.',
      ),
      counts: {
        type: 'object',
        propertyNames: { enum: REASONS },
        additionalProperties: { type: 'integer', minimum: 1 },
        description: 'Number of nodes by reason.',
      },
      nodes: { type: 'array', items: NODE, description: 'One entry for each managed node, or for those that the query selects.' },
      recheckAt: orNull(time('When time alone may change the plan; the controller plans again then.'), 'null: never.'),
    },
    'The response of the controller to GET /plan. Names and meanings are stable; fields may be added.',
  ),
};
