import { AGENT_STATUS_FIELDS, fitToSchema, STATUS_SCHEMA, type JsonSchema } from '@brupop/crd-models';

/** What an agent sent, reduced to what an agent may write. It is not validated yet. */
export interface AgentReport {
  readonly status: unknown;
  /** Whether fields were dropped: `conditions`, which the controller writes, and fields that the schema does not have. */
  readonly dropped: { readonly conditions: boolean; readonly unknown: boolean };
}

// Text for people is shortened; other text that is too long is refused by the schema, and so are lists.
const MESSAGES: readonly string[] = ['message', 'failure_message'];
const AGENT_SCHEMA: JsonSchema = {
  ...STATUS_SCHEMA,
  properties: Object.fromEntries(Object.entries(STATUS_SCHEMA.properties ?? {}).filter(([name]) => AGENT_STATUS_FIELDS.includes(name))),
};

/**
 * Reduces the body of a report to the fields of an agent and shortens its messages. Fields are dropped, not refused: an agent newer than this
 * apiserver sends fields that it does not know yet, and must still be able to report.
 */
export function agentReport(body: unknown): AgentReport {
  const dropped = { conditions: false, unknown: false };
  const status = fitToSchema(body, AGENT_SCHEMA, {
    shortens: (name) => MESSAGES.includes(name),
    cutsLists: false,
    keeps: (name) => {
      dropped[name === 'conditions' ? name : 'unknown'] = true;
      return false;
    },
  });
  return { status, dropped };
}
