import { BrupopError } from '@brupop/ports';
import { Fields, UnexpectedField } from './fields.ts';
import type { CommandReport, KnownUpdateStatus, OsInfo } from './types.ts';

/**
 * Body of `GET /os`.
 * @throws `BrupopError` `HOST_ANSWER` if it is not a response of Bottlerocket
 */
export function parseOs(body: string): OsInfo {
  return read(body, '/os', (os) => ({
    version: os.requiredString('version_id'),
    arch: os.string('arch'),
    variant: os.string('variant_id'),
    prettyName: os.string('pretty_name'),
  }));
}

/**
 * Body of a `GET /updates/status` of status 200. Everything but the state may be null.
 * @throws `BrupopError` `HOST_ANSWER` if it is not a response of Bottlerocket
 */
export function parseUpdateStatus(body: string): KnownUpdateStatus {
  return read(body, '/updates/status', (status) => {
    const staging = status.object('staging_partition');
    return {
      kind: 'known',
      ...stateOf(status.requiredString('update_state')),
      listedVersions: listedIn(status.any('available_updates')),
      chosenVersion: status.object('chosen_update')?.string('version'),
      stagedVersion: staging?.object('image')?.string('version'),
      bootsStaged: staging?.boolean('next_to_boot'),
      mostRecentCommand: commandOf(status.object('most_recent_command')),
    };
  });
}

function commandOf(command: Fields | undefined): CommandReport | undefined {
  if (command === undefined) return undefined;
  return {
    type: command.requiredString('cmd_type').toLowerCase(),
    succeeded: command.requiredString('cmd_status') === 'Success',
    timestamp: command.requiredString('timestamp'),
    exitStatus: command.integer('exit_status'),
    message: (command.string('stderr') ?? '').trim(),
  };
}

const STATES = ['Idle', 'Available', 'Staged', 'Ready'] as const;
const LONGEST_STATE = 60;

/** A newer host may report a state that we do not know; the rest of its status is still of use. */
function stateOf(state: string): Pick<KnownUpdateStatus, 'updateState' | 'unknownState'> {
  const known = STATES.find((candidate) => candidate === state);
  return known === undefined ? { updateState: 'Unknown', unknownState: state.slice(0, LONGEST_STATE) } : { updateState: known };
}

const MOST_LISTED = 100;
const LONGEST_VERSION = 100;

/** The listed versions only show people what is held back, so a malformed list counts as absent, and malformed entries are left out. */
function listedIn(listed: unknown): readonly string[] | undefined {
  if (!Array.isArray(listed)) return undefined;
  return listed.slice(0, MOST_LISTED).filter((version) => typeof version === 'string' && version.length <= LONGEST_VERSION) as string[];
}

function read<T>(body: string, path: string, parse: (fields: Fields) => T): T {
  try {
    return parse(new Fields(JSON.parse(body)));
  } catch (cause) {
    const problem = cause instanceof UnexpectedField ? `unexpectedly: ${cause.message}` : 'with a body that is not JSON';
    throw new BrupopError('HOST_ANSWER', `The host answered GET ${path} ${problem}`, { retry: 'transient', cause });
  }
}
