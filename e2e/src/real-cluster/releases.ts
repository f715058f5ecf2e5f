import type { UpdateRepository } from '@brupop/simulator';

const FIRST_MINOR = 26;

/** The versions that the hosts' update repository has; each step that needs an update publishes the next. */
export class Releases {
  /** What the hosts look at. */
  readonly repository: UpdateRepository = { available: [`1.${FIRST_MINOR}.0`] };

  get newest(): string {
    return this.repository.available[0] ?? '';
  }

  /** @returns the version that all hosts may update to from now on */
  publish(): string {
    const version = `1.${FIRST_MINOR + this.repository.available.length}.0`;
    this.repository.available.unshift(version);
    return version;
  }
}
