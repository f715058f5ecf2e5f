import { shortenText } from '@brupop/crd-models';

const LONGEST = 500;

/**
 * What the updater of the host wrote to stderr, as one line. Of a long text the end is kept, too: it names the cause, after a URL with all the query
 * parameters of the updater.
 */
export function updaterMessage(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => line.trim() || []);
  return shortenText(lines.join('; '), LONGEST);
}
