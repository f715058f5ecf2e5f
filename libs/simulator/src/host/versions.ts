const PARTS = /^v?(\d+)\.(\d+)\.(\d+)/;

/** Compares release versions `x.y.z`: negative if `a` is older. Pre-release tags are ignored: Bottlerocket has none. */
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

/** The content of the update repository. Shared by hosts; tests change it over time. */
export interface UpdateRepository {
  /** Published versions, in any order. */
  available: string[];
  /** For a version, the wall-clock time in milliseconds from which its first wave sees it; absent means immediately. */
  availableFrom?: Record<string, number>;
  /** Maximum version; a host above it is offered a downgrade. */
  maxVersion?: string;
}

/** Everything on which a host's choice of an update depends. */
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

/** The versions that this host sees, newest first, including the running and older ones, but none above the maximum. */
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

/** The update that a successful refresh chooses, which may be a downgrade; null if the host is up to date. */
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
