import { shortenText } from '@brupop/kube-objects';

const MAX_LENGTH = 500;

/** What the updater of the host wrote to stderr, as one line. The end of a long text is kept: it names the cause, after a long URL. */
export function updaterMessage(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => line.trim() || []);
  return shortenText(lines.join('; '), MAX_LENGTH);
}
