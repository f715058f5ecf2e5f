import type { HostCommand, HostUpdateStatus } from './types.ts';

/** What a successful `prepare` downloaded, as reported by the updater: a version, nothing, or `unknown`. */
export type Download = { readonly version: string } | 'nothing' | 'unknown';

const BEGINNING = /^\s*starting update to v?(\d+\.\d+\.\d+\S*?)\.?\s*$/im;
// The updater reports success without a download if the version is not or no longer offered, or only to a later wave.
const NOTHING_DONE = /^\s*(no update required|no update available|update available in later wave)/im;

/** Parses the message of a `prepare`. A future updater may word it differently; then the result is `unknown`. */
export function downloadOf({ message }: Pick<HostCommand, 'message'>): Download {
  const version = BEGINNING.exec(message)?.[1];
  if (version !== undefined) return { version };
  return NOTHING_DONE.test(message) ? 'nothing' : 'unknown';
}

/** Whether the staging partition has the image of a version. */
export type Image = 'right' | 'wrong' | 'unknown';

/**
 * Whether the staging partition has the image of `version`. `staging_partition` of the host does not answer this: the updater chooses a
 * version again when it downloads, but the host reports the one that was chosen before.
 * @param downloaded the version that this process last downloaded, see `AgentObservation.downloaded`
 */
export function imageOf(status: Extract<HostUpdateStatus, { kind: 'known' }>, version: string, downloaded: string | undefined): Image {
  const last = status.mostRecentCommand;
  if (last?.type === 'prepare' && last.succeeded) {
    const download = downloadOf(last);
    if (download === 'unknown') return 'unknown';
    return download !== 'nothing' && download.version === version ? 'right' : 'wrong';
  }
  return downloaded === version ? 'right' : 'unknown';
}
