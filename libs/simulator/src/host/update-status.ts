/** The update state of a host. */
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

/** The status file before the first action. */
export const EMPTY_STATUS: UpdateStatusFile = { state: 'Idle', available: [], chosen: null, staged: null, mostRecent: null };

/** The partitions: they survive a reboot. */
export interface Disk {
  /** The running version. */
  readonly active: string;
  /** The version whose complete image is on the other partition; null if there is none, as soon as a download begins. */
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

/** Why the dispatcher refuses `command` before it starts a child; undefined if the command is allowed. */
export function refuseCommand(command: UpdateCommand, file: UpdateStatusFile): Refusal | undefined {
  if (!ALLOWED[command].includes(file.state)) return { status: 409, body: 'Update action not allowed according to update state' };
  if (command === 'prepare' && file.chosen === null) return { status: 404, body: 'Previously chosen Update no longer exists' };
  if (file.staged === null && (command === 'activate' || command === 'deactivate')) {
    return { status: 404, body: 'No update image applied to staging partition' };
  }
  return undefined;
}

/** The result of a child. `unparsable`: a refresh that exits with success, but with meaningless output. */
export type ChildOutcome = 'success' | 'failed' | 'unparsable';

/** What the repository offers a host; `chosen` is null if the host is up to date. */
export interface Offer {
  readonly listed: readonly string[];
  readonly chosen: string | null;
}

/** Everything on which the result of a child depends. */
export interface FinishInput {
  readonly command: UpdateCommand;
  readonly outcome: ChildOutcome;
  readonly file: UpdateStatusFile;
  readonly disk: Disk;
  /** What the repository offered this host when the child began. */
  readonly offer: Offer;
  /** Whether the updater does not print the version that it downloads. */
  readonly isVersionHidden?: boolean;
  readonly timestamp: string;
}

/** The status file and the disk after a child has ended. */
export function finishCommand({ command, outcome, file, disk, offer, isVersionHidden = false, timestamp }: FinishInput): {
  file: UpdateStatusFile;
  disk: Disk;
} {
  // After a failed download there is no image to activate, although the status file still names one.
  const failed = outcome === 'failed' || (command === 'activate' && disk.inactive === null);
  const begun = command === 'prepare' && !isVersionHidden ? beginningOf(offer) : '';
  const mostRecent: CommandResult = failed
    ? { command, status: 'Failed', timestamp, exitStatus: 1, stderr: `${begun}Failed to ${command}\n` }
    : { command, status: 'Success', timestamp, exitStatus: 0, stderr: begun };
  const reported: UpdateStatusFile = { ...file, mostRecent };
  if (outcome === 'unparsable') return { file: reported, disk };
  if (command === 'refresh') return { file: afterRefresh(reported, failed, offer), disk };
  if (failed) return { file: reported, disk };
  switch (command) {
    case 'prepare':
      // The updater chooses anew, so the image may differ from the one in the status file, or be missing.
      return {
        file: { ...reported, state: 'Staged', staged: file.chosen },
        disk: offer.chosen === null ? disk : { ...disk, inactive: offer.chosen, bootsInactive: false },
      };
    case 'activate':
      return { file: { ...reported, state: 'Ready' }, disk: { ...disk, bootsInactive: true } };
    case 'deactivate':
      return { file: { ...reported, state: 'Staged' }, disk: { ...disk, bootsInactive: false } };
  }
}

/** The output of the updater before it downloads. */
function beginningOf({ chosen }: Offer): string {
  return chosen === null ? 'No update required\n' : `Starting update to ${chosen}\n`;
}

function afterRefresh(file: UpdateStatusFile, failed: boolean, offer: Offer): UpdateStatusFile {
  const inProgress = file.state === 'Staged' || file.state === 'Ready';
  // A failed refresh changes Available to Idle but keeps the chosen update: only the state can be trusted.
  if (failed) return inProgress ? file : { ...file, state: 'Idle' };
  const state = offer.chosen === null ? 'Idle' : 'Available';
  return { ...file, state: inProgress ? file.state : state, available: offer.listed, chosen: offer.chosen };
}

/** The disk after the bootloader has chosen a partition. A boot that fails leaves the old version running, without any report. */
export function bootDisk(disk: Disk, bootFails: boolean): { disk: Disk; rolledBack: boolean } {
  if (!disk.bootsInactive || disk.inactive === null) return { disk: { ...disk, bootsInactive: false }, rolledBack: false };
  if (bootFails) return { disk: { ...disk, bootsInactive: false }, rolledBack: true };
  return { disk: { active: disk.inactive, inactive: disk.active, bootsInactive: false }, rolledBack: false };
}
