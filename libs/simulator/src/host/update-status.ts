/** Where an update on the host is. */
export type UpdateState = 'Idle' | 'Available' | 'Staged' | 'Ready';
/** The four actions that take the update lock. */
export type UpdateCommand = 'refresh' | 'prepare' | 'activate' | 'deactivate';

/** What the last child reported. */
export interface CommandResult {
  readonly command: UpdateCommand;
  readonly status: 'Success' | 'Failed' | 'Unknown';
  /** RFC 3339 with nanoseconds. */
  readonly timestamp: string;
  /** Exit status, or the number of the signal; null when unknown. */
  readonly exitStatus: number | null;
  readonly stderr: string | null;
}

/** The status file: lost at each reboot. */
export interface UpdateStatusFile {
  readonly state: UpdateState;
  readonly available: readonly string[];
  readonly chosen: string | null;
  readonly staged: string | null;
  readonly mostRecent: CommandResult | null;
}

/** A status file that nothing has been written to. */
export const EMPTY_STATUS: UpdateStatusFile = { state: 'Idle', available: [], chosen: null, staged: null, mostRecent: null };

/** The partitions: they survive a reboot. */
export interface Disk {
  /** Version that runs. */
  readonly active: string;
  /** Version whose whole image is on the other partition; null while there is none, as from the first byte of a download on. */
  readonly inactive: string | null;
  /** Whether the bootloader will try the other partition. */
  readonly bootsInactive: boolean;
}

/** Status code and body of a refused action. */
export interface Refusal {
  readonly status: 404 | 409;
  readonly body: string;
}

const ALLOWED: Readonly<Record<UpdateCommand, readonly UpdateState[]>> = {
  refresh: ['Idle', 'Available', 'Staged', 'Ready'],
  prepare: ['Available', 'Staged'],
  activate: ['Staged'],
  deactivate: ['Ready'],
};

/** Why the dispatcher refuses `command` before it starts a child; undefined when the move is legal. */
export function refuseCommand(command: UpdateCommand, file: UpdateStatusFile): Refusal | undefined {
  if (!ALLOWED[command].includes(file.state)) return { status: 409, body: 'Update action not allowed according to update state' };
  if (command === 'prepare' && file.chosen === null) return { status: 404, body: 'Previously chosen Update no longer exists' };
  if (file.staged === null && (command === 'activate' || command === 'deactivate')) {
    return { status: 404, body: 'No update image applied to staging partition' };
  }
  return undefined;
}

/** What a child did. `unparsable`: a refresh that exits with success, but with output that says nothing. */
export type ChildOutcome = 'success' | 'failed' | 'unparsable';

/** What the repository offers a host: `chosen` is null if the host is where it should be. */
export interface Offer {
  readonly listed: readonly string[];
  readonly chosen: string | null;
}

/** Everything that the end of a child depends on. */
export interface FinishInput {
  readonly command: UpdateCommand;
  readonly outcome: ChildOutcome;
  readonly file: UpdateStatusFile;
  readonly disk: Disk;
  /** What the repository offered this host when the child began. */
  readonly offer: Offer;
  /** Whether the updater is one that does not say what it downloads. */
  readonly inOtherWords?: boolean;
  readonly timestamp: string;
}

/** The status file and the disk after a child has ended. */
export function finishCommand({ command, outcome, file, disk, offer, inOtherWords = false, timestamp }: FinishInput): {
  file: UpdateStatusFile;
  disk: Disk;
} {
  // An activation has nothing to activate once a failed download has wiped the image that the status file still tells of.
  const failed = outcome === 'failed' || (command === 'activate' && disk.inactive === null);
  const begun = command === 'prepare' && !inOtherWords ? beginningOf(offer) : '';
  const mostRecent: CommandResult = failed
    ? { command, status: 'Failed', timestamp, exitStatus: 1, stderr: `${begun}Failed to ${command}\n` }
    : { command, status: 'Success', timestamp, exitStatus: 0, stderr: begun };
  const told: UpdateStatusFile = { ...file, mostRecent };
  if (outcome === 'unparsable') return { file: told, disk };
  if (command === 'refresh') return { file: afterRefresh(told, failed, offer), disk };
  if (failed) return { file: told, disk };
  switch (command) {
    case 'prepare':
      // The updater chooses anew, so that the image may be another than the status file tells of, or none.
      return {
        file: { ...told, state: 'Staged', staged: file.chosen },
        disk: offer.chosen === null ? disk : { ...disk, inactive: offer.chosen, bootsInactive: false },
      };
    case 'activate':
      return { file: { ...told, state: 'Ready' }, disk: { ...disk, bootsInactive: true } };
    case 'deactivate':
      return { file: { ...told, state: 'Staged' }, disk: { ...disk, bootsInactive: false } };
  }
}

/** What the updater says before it downloads. */
function beginningOf({ chosen }: Offer): string {
  return chosen === null ? 'No update required\n' : `Starting update to ${chosen}\n`;
}

function afterRefresh(file: UpdateStatusFile, failed: boolean, offer: Offer): UpdateStatusFile {
  const inProgress = file.state === 'Staged' || file.state === 'Ready';
  // A failed refresh drops Available to Idle, but leaves the chosen update behind: only the state can be trusted.
  if (failed) return inProgress ? file : { ...file, state: 'Idle' };
  const state = offer.chosen === null ? 'Idle' : 'Available';
  return { ...file, state: inProgress ? file.state : state, available: offer.listed, chosen: offer.chosen };
}

/** The disk after the bootloader has made its choice. A boot that fails leaves the old version running and says nothing about it. */
export function bootDisk(disk: Disk, bootFails: boolean): { disk: Disk; rolledBack: boolean } {
  if (!disk.bootsInactive || disk.inactive === null) return { disk: { ...disk, bootsInactive: false }, rolledBack: false };
  if (bootFails) return { disk: { ...disk, bootsInactive: false }, rolledBack: true };
  return { disk: { active: disk.inactive, inactive: disk.active, bootsInactive: false }, rolledBack: false };
}
