import { TIMESTAMP_PATTERN } from '@brupop/crd-models';
import type { JsonSchema } from '@brupop/crd-models';

// A node has at most a few hundred pods; no apiserver of ours sends a longer list.
const MOST_ITEMS = 1000;

const CREATE_SHADOW_REQUEST: JsonSchema = {
  type: 'object',
  required: ['node_selector'],
  properties: {
    node_selector: {
      type: 'object',
      required: ['node_name', 'node_uid'],
      properties: { node_name: { type: 'string' }, node_uid: { type: 'string' } },
    },
  },
};

const WAITING_POD: JsonSchema = {
  type: 'object',
  required: ['namespace', 'name', 'reason', 'message'],
  properties: {
    namespace: { type: 'string' },
    name: { type: 'string' },
    reason: { type: 'string', enum: ['blocked', 'terminating', 'retrying'] },
    message: { type: 'string' },
  },
};

const STEP_PROGRESS: JsonSchema = {
  type: 'object',
  required: ['done', 'message'],
  properties: {
    done: { type: 'boolean' },
    message: { type: 'string' },
    since: { type: 'string', pattern: TIMESTAMP_PATTERN },
    evicted: { type: 'integer', minimum: 0 },
    waiting: { type: 'array', maxItems: MOST_ITEMS, items: WAITING_POD },
    waiting_total: { type: 'integer', minimum: 0 },
    blocked: {
      type: 'object',
      required: ['reason', 'message'],
      properties: { reason: { type: 'string' }, message: { type: 'string' } },
    },
    notice: { type: 'string' },
    until: { type: 'string', pattern: TIMESTAMP_PATTERN },
    retry_after_ms: { type: 'integer', minimum: 0 },
    returned: { type: 'boolean' },
  },
};

const NODE_HEALTH: JsonSchema = {
  type: 'object',
  required: ['healthy', 'problems'],
  properties: {
    healthy: { type: 'boolean' },
    problems: { type: 'array', maxItems: MOST_ITEMS, items: { type: 'string' } },
    node_problem: { type: 'string' },
    daemon_sets: {
      type: 'array',
      maxItems: MOST_ITEMS,
      items: { type: 'object', required: ['name', 'problem'], properties: { name: { type: 'string' }, problem: { type: 'string' } } },
    },
  },
};

const ERROR_BODY: JsonSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string' }, message: { type: 'string' } } },
  },
};

/** The schemas from which the validators are generated, by the name of the validator. */
export const VALIDATED: Readonly<Record<string, JsonSchema>> = {
  validateCreateShadowRequest: CREATE_SHADOW_REQUEST,
  validateStepProgress: STEP_PROGRESS,
  validateNodeHealth: NODE_HEALTH,
  validateErrorBody: ERROR_BODY,
};
