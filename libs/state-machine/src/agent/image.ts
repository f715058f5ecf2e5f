import type { HostCommand, HostUpdateStatus } from './types.ts';

/** What a `prepare` that the host calls a success has downloaded, as its updater says: a version, nothing, or `unknown` if it does not say. */
export type Download = { readonly version: string } | 'nothing' | 'unknown';

const BEGINNING = /^\s*starting update to v?(\d+\.\d+\.\d+\S*?)\.?\s*$/im;
// The updater ends with success without having done anything: of a version that is not offered (any more), or only to a later wave.
const NOTHING_DONE = /^\s*(no update required|no update available|update available in later wave)/im;

/** Reads the message of a `prepare`. Whatever it says it may say in other words one day: then nothing is known. */
export function downloadOf({ message }: Pick<HostCommand, 'message'>): Download {
  const version = BEGINNING.exec(message)?.[1];
  if (version !== undefined) return { version };
  return NOTHING_DONE.test(message) ? 'nothing' : 'unknown';
}

/** Whether the image on the staging partition is that of a version. */
export type Image = 'right' | 'wrong' | 'unknown';

/**
 * Whether the staging partition holds `version`. `staging_partition` of the host does not tell: the updater chooses anew when it downloads, and the host
 * notes down what was chosen before.
 * @param downloaded what this process last downloaded, see `AgentObservation.downloaded`
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
