import { BrupopError } from '@brupop/ports';

/** A configuration that cannot work; the process ends with code 2. */
export class ConfigError extends BrupopError {
  /** One sentence for each fault. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('CONFIG_INVALID', problems.join('; '), { retry: 'terminal' });
    this.problems = problems;
  }
}
