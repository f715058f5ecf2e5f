import { fields, listOf, TIMESTAMP_PATTERN, type JsonSchema } from '@brupop/crd-models';

// A node has at most a few hundred pods; no apiserver of ours sends a longer list.
const MOST_ITEMS = 1000;

const TEXT: JsonSchema = { type: 'string' };
const TIME: JsonSchema = { type: 'string', pattern: TIMESTAMP_PATTERN };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const BOOLEAN: JsonSchema = { type: 'boolean' };

const CREATE_SHADOW_REQUEST: JsonSchema = fields({ node_selector: fields({ node_name: TEXT, node_uid: TEXT }) });

const WAITING_POD: JsonSchema = fields({
  namespace: TEXT,
  name: TEXT,
  reason: { type: 'string', enum: ['blocked', 'terminating', 'retrying'] },
  message: TEXT,
});

const STEP_PROGRESS: JsonSchema = fields(
  { done: BOOLEAN, message: TEXT },
  {
    since: TIME,
    evicted: COUNT,
    waiting: listOf(WAITING_POD, MOST_ITEMS),
    waiting_total: COUNT,
    blocked: fields({ reason: TEXT, message: TEXT }),
    notice: TEXT,
    until: TIME,
    retry_after_ms: COUNT,
    returned: BOOLEAN,
  },
);

const NODE_HEALTH: JsonSchema = fields(
  { healthy: BOOLEAN, problems: listOf(TEXT, MOST_ITEMS) },
  { node_problem: TEXT, daemon_sets: listOf(fields({ name: TEXT, problem: TEXT }), MOST_ITEMS) },
);

const ERROR_BODY: JsonSchema = fields({ error: fields({ code: TEXT, message: TEXT }) });

/** The schemas from which the validators are generated, by the name of the validator. */
export const VALIDATED: Readonly<Record<string, JsonSchema>> = {
  validateCreateShadowRequest: CREATE_SHADOW_REQUEST,
  validateStepProgress: STEP_PROGRESS,
  validateNodeHealth: NODE_HEALTH,
  validateErrorBody: ERROR_BODY,
};
