import { parseWith } from '@brupop/crd-models';
import type { ParseResult } from '@brupop/crd-models';
import { BrupopError } from '@brupop/process';
import { validateOs, validateUpdateStatus } from './generated/validators.ts';
import type { KnownUpdateStatus, OsInfo } from './types.ts';
import type { WireOs, WireUpdateStatus } from './wire.ts';

/**
 * Body of `GET /os`.
 * @throws `BrupopError` `HOST_ANSWER` if it is not what Bottlerocket answers
 */
export function parseOs(body: string): OsInfo {
  const os = checked<WireOs>(body, '/os', (value) => parseWith(validateOs, value, 'body'));
  return {
    version: os.version_id,
    arch: os.arch ?? undefined,
    variant: os.variant_id ?? undefined,
    prettyName: os.pretty_name ?? undefined,
  };
}

/**
 * Body of a `GET /updates/status` of status 200.
 * @throws `BrupopError` `HOST_ANSWER` if it is not what Bottlerocket answers
 */
export function parseUpdateStatus(body: string): KnownUpdateStatus {
  const status = checked<WireUpdateStatus>(body, '/updates/status', (value) => parseWith(validateUpdateStatus, value, 'body'));
  const command = status.most_recent_command;
  return {
    kind: 'known',
    ...stateOf(status.update_state),
    listedVersions: listedIn(status.available_updates),
    chosenVersion: status.chosen_update?.version,
    stagedVersion: status.staging_partition?.image?.version,
    bootsStaged: status.staging_partition?.next_to_boot ?? undefined,
    mostRecentCommand:
      command == null
        ? undefined
        : {
            type: command.cmd_type.toLowerCase(),
            succeeded: command.cmd_status === 'Success',
            timestamp: command.timestamp,
            exitStatus: command.exit_status ?? undefined,
            message: (command.stderr ?? '').trim(),
          },
  };
}

const STATES = ['Idle', 'Available', 'Staged', 'Ready'] as const;
const LONGEST_STATE = 60;

function stateOf(state: string): Pick<KnownUpdateStatus, 'updateState' | 'unknownState'> {
  const known = STATES.find((candidate) => candidate === state);
  return known === undefined ? { updateState: 'Unknown', unknownState: state.slice(0, LONGEST_STATE) } : { updateState: known };
}

const MOST_LISTED = 100;
const LONGEST_VERSION = 100;

/** Of a list that is none, or of entries that are no versions, nothing is made: it only tells people what is held back. */
function listedIn(listed: unknown): readonly string[] | undefined {
  if (!Array.isArray(listed)) return undefined;
  return listed.slice(0, MOST_LISTED).filter((version) => typeof version === 'string' && version.length <= LONGEST_VERSION) as string[];
}

function checked<T>(body: string, path: string, parse: (value: unknown) => ParseResult<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new BrupopError('HOST_ANSWER', `The host answered GET ${path} with a body that is not JSON`, { retry: 'transient', cause });
  }
  const parsed = parse(value);
  if (parsed.ok) return parsed.value;
  throw new BrupopError('HOST_ANSWER', `The host answered GET ${path} with an unexpected body: ${parsed.errors.join('; ')}`, {
    retry: 'transient',
  });
}
