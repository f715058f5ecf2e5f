/** What the user asked for. */
export interface Options {
  /** Names of the steps to run; all if empty. */
  readonly only: readonly string[];
  /** Whether to install Debian packages that are missing. */
  readonly install: boolean;
  /** Whether to leave the cluster running at the end, until Ctrl-C. */
  readonly keep: boolean;
  /** Timeout of each step. A build beforehand may take as long as it makes progress. */
  readonly stepTimeoutMs: number;
}

const DEFAULT_TIMEOUT_MINUTES = 45;

/** Parses the command line. @returns the options, or their problems */
export function parseOptions(
  args: readonly string[],
  { ci, steps }: { readonly ci: boolean; readonly steps: readonly string[] },
): { readonly options: Options } | { readonly problems: readonly string[] } {
  const only: string[] = [];
  const problems: string[] = [];
  let install = ci;
  let keep = false;
  let minutes = DEFAULT_TIMEOUT_MINUTES;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    if (arg === '--install') install = true;
    else if (arg === '--keep') keep = true;
    else if (arg === '--only') {
      const name = args[++at] ?? '';
      if (steps.includes(name)) only.push(name);
      else problems.push(`--only: expected one of ${steps.join(', ')}, got "${name}"`);
    } else if (arg === '--timeout-minutes') {
      minutes = Number(args[++at]);
      if (!(minutes > 0)) problems.push(`--timeout-minutes: expected a positive number, got "${args[at] ?? ''}"`);
    } else problems.push(`unknown option "${arg ?? ''}"; there are --only STEP, --install, --keep and --timeout-minutes N`);
  }
  return problems.length > 0 ? { problems } : { options: { only, install, keep, stepTimeoutMs: minutes * 60_000 } };
}
