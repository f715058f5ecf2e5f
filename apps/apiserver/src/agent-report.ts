import { AGENT_STATUS_FIELDS, fitToSchema, STATUS_SCHEMA, type JsonSchema } from '@brupop/crd-models';

/** A report reduced to the fields that an agent may write. It is not validated yet. */
export interface AgentReport {
  readonly status: unknown;
  /** Whether fields were dropped: `conditions`, which the controller writes, and fields that are not in the schema. */
  readonly dropped: { readonly conditions: boolean; readonly unknown: boolean };
}

// Text for people is shortened; the schema rejects other text that is too long, and lists.
const MESSAGES: readonly string[] = ['message', 'failure_message'];
const AGENT_SCHEMA: JsonSchema = {
  ...STATUS_SCHEMA,
  properties: Object.fromEntries(Object.entries(STATUS_SCHEMA.properties ?? {}).filter(([name]) => AGENT_STATUS_FIELDS.includes(name))),
};

/**
 * Reduces the body of a report to the fields that an agent may write, and shortens its messages. Other fields are dropped instead of
 * rejected: an agent that is newer than this apiserver sends fields that are unknown here, and must still be able to report.
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
