import type { JsonSchema } from '@brupop/crd-models';

const IMAGE: JsonSchema = { type: 'object', nullable: true, properties: { version: { type: 'string' } } };
const PARTITION: JsonSchema = {
  type: 'object',
  nullable: true,
  properties: { image: IMAGE, next_to_boot: { type: 'boolean', nullable: true } },
};

/** `GET /os`. Only what we read is demanded; hosts of other releases may say more. */
export const OS_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['version_id'],
  properties: {
    version_id: { type: 'string' },
    arch: { type: 'string', nullable: true },
    variant_id: { type: 'string', nullable: true },
    pretty_name: { type: 'string', nullable: true },
    build_id: { type: 'string', nullable: true },
  },
};

/** `GET /updates/status`. Everything but the state may be null. */
export const UPDATE_STATUS_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['update_state'],
  properties: {
    // Not an enum: a state of a newer host must not make the rest unreadable.
    update_state: { type: 'string' },
    chosen_update: IMAGE,
    active_partition: PARTITION,
    staging_partition: PARTITION,
    most_recent_command: {
      type: 'object',
      nullable: true,
      required: ['cmd_type', 'cmd_status', 'timestamp'],
      properties: {
        cmd_type: { type: 'string' },
        cmd_status: { type: 'string' },
        timestamp: { type: 'string' },
        exit_status: { type: 'integer', nullable: true },
        stderr: { type: 'string', nullable: true },
      },
    },
  },
};

/** The schemas from which validators are generated, by the validators' names. */
export const VALIDATED: Readonly<Record<string, JsonSchema>> = {
  validateOs: OS_SCHEMA,
  validateUpdateStatus: UPDATE_STATUS_SCHEMA,
};
