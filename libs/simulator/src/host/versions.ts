const PARTS = /^v?(\d+)\.(\d+)\.(\d+)/;

/** Orders release versions `x.y.z` by precedence: negative when `a` is older. Pre-release tags do not count: Bottlerocket has none. */
export function compareVersions(a: string, b: string): number {
  const left = PARTS.exec(a);
  const right = PARTS.exec(b);
  if (left === null || right === null) return a < b ? -1 : Number(a > b);
  for (let part = 1; part <= 3; part++) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What the update repository offers. Shared by hosts and changed by tests as time goes by. */
export interface UpdateRepository {
  /** Versions that are published, in any order. */
  available: string[];
  /** For a version, the wall-clock time in milliseconds from which its first wave sees it; absent means at once. */
  availableFrom?: Record<string, number>;
  /** Newest version that hosts are meant to run; a host above it goes back to it. */
  maxVersion?: string;
}

/** What decides which update a host chooses. */
export interface ChoiceInput {
  readonly repository: UpdateRepository;
  readonly running: string;
  /** `settings.updates.version-lock`: `latest` or one version, with or without a `v`. */
  readonly versionLock: string;
  /** How much later than the first wave this host is served, in milliseconds. */
  readonly waveOffsetMs: number;
  /** Wall-clock time in milliseconds. */
  readonly nowMs: number;
}

/** The versions that this host sees, newest first; the running one and older ones are among them, those above the newest that hosts are meant to run are not. */
export function listVersions({ repository: { available, availableFrom, maxVersion }, waveOffsetMs, nowMs }: ChoiceInput): string[] {
  return available
    .filter((version) => {
      const fromMs = availableFrom?.[version];
      return (
        (fromMs === undefined || fromMs + waveOffsetMs <= nowMs) && (maxVersion === undefined || compareVersions(version, maxVersion) <= 0)
      );
    })
    .sort((a, b) => compareVersions(b, a));
}

/** The update that a successful refresh chooses, which may be a downgrade; null when the host is where it should be. */
export function chooseUpdate(input: ChoiceInput): string | null {
  const { repository, running, versionLock } = input;
  const listed = listVersions(input);
  if (versionLock !== 'latest') {
    const locked = versionLock.replace(/^v/, '');
    return locked !== running && listed.includes(locked) ? locked : null;
  }
  const mustGoBack = repository.maxVersion !== undefined && compareVersions(running, repository.maxVersion) > 0;
  return listed.find((version) => mustGoBack || compareVersions(version, running) > 0) ?? null;
}
