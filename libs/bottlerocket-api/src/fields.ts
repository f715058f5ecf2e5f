/** A value is not of the type that Bottlerocket's API documents; the message names it, such as `update_state: expected string, got 1`. */
export class UnexpectedField extends Error {}

const LONGEST_QUOTE = 60;

/**
 * The fields of a JSON object. `null` counts as absent, and fields that are not read may have any value. Each method throws {@link
 * UnexpectedField}.
 */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(path === '' ? 'body' : path, 'object', value);
    this.#fields = value as Readonly<Record<string, unknown>>;
    this.#path = path;
  }

  /** A field of any type. */
  any(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? (this.#fields[name] ?? undefined) : undefined;
  }

  string(name: string): string | undefined {
    return this.#typed(name, 'string', (value): value is string => typeof value === 'string');
  }

  boolean(name: string): boolean | undefined {
    return this.#typed(name, 'boolean', (value): value is boolean => typeof value === 'boolean');
  }

  integer(name: string): number | undefined {
    return this.#typed(name, 'integer', (value): value is number => Number.isInteger(value));
  }

  object(name: string): Fields | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : new Fields(value, this.#at(name));
  }

  requiredString(name: string): string {
    const value = this.string(name);
    if (value === undefined) throw unexpected(this.#at(name), 'string', value);
    return value;
  }

  #typed<T>(name: string, type: string, isType: (value: unknown) => value is T): T | undefined {
    const value = this.any(name);
    if (value !== undefined && !isType(value)) throw unexpected(this.#at(name), type, value);
    return value;
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }
}

function unexpected(path: string, type: string, value: unknown): UnexpectedField {
  const found = value === undefined ? 'nothing' : JSON.stringify(value);
  return new UnexpectedField(`${path}: expected ${type}, got ${found.slice(0, LONGEST_QUOTE)}`);
}
