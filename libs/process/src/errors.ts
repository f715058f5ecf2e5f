import { BrupopError } from '@brupop/ports';

/** An invalid configuration; the process exits with code 2. */
export class ConfigError extends BrupopError {
  /** One message for each problem. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('CONFIG_INVALID', problems.join('; '), { retry: 'terminal' });
    this.problems = problems;
  }
}
