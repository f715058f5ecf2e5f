import { ConfigError } from './errors.ts';

/** The result of a parser; `expected` completes the sentence "expected …". */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };
/**
 * The input of a parser, in a form from which a JSON Schema can be generated, for tools that check values before they reach a process. It
 * accepts everything that the parser accepts, and may accept more.
 */
export type TextRule =
  | { readonly integer: { readonly min: number; readonly max: number } }
  | { readonly words: readonly string[]; readonly anyCase?: true }
  /** A regular expression for the whole text, without lookaround and back references. */
  | { readonly pattern: string }
  | { readonly anyOf: readonly TextRule[] };

/** Converts the text of a variable to a value. Without a rule, tools must assume that it accepts any text. */
export interface Parser<T> {
  (text: string): Parsed<T>;
  readonly rule?: TextRule;
}

/** A parser with its rule. */
export function withRule<T>(rule: TextRule, parse: (text: string) => Parsed<T>): Parser<T> {
  return Object.assign((text: string) => parse(text), { rule });
}

/** One variable of a configuration. */
export interface ConfigItem<T> {
  /** Name of the environment variable. */
  readonly env: string;
  /** Former name of the variable. It still works in this version, and its use is logged as a warning. */
  readonly deprecatedEnv?: string;
  /** One line for docs/configuration.md. */
  readonly doc: string;
  /** Written as in the environment; absent if the variable is required. */
  readonly default?: string;
  readonly parse: Parser<T>;
  /** Whether problems must not quote the value. */
  readonly secret?: boolean;
}

/** One item for each key of the configuration `T`. */
export type ConfigSpec<T> = { readonly [K in keyof T]: ConfigItem<T[K]> };

/** A variable that is set under its former name. */
export interface DeprecatedVariable {
  readonly name: string;
  readonly replacement: string;
}

/** The configuration, or every problem with it. */
export type ConfigResult<T> =
  | { readonly ok: true; readonly config: Readonly<T>; readonly deprecated: readonly DeprecatedVariable[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads a configuration and reports every problem, as `NAME: expected …, got "…"`.
 * A variable with an empty value counts as not set: that is how templates render an absent value.
 */
export function parseConfig<T extends object>(spec: ConfigSpec<T>, env: Readonly<Record<string, string | undefined>>): ConfigResult<T> {
  const problems: string[] = [];
  const deprecated: DeprecatedVariable[] = [];
  const config: Partial<T> = {};
  const read = (name: string): string | undefined => (env[name]?.trim() === '' ? undefined : env[name]?.trim());
  for (const key of Object.keys(spec) as (keyof T)[]) {
    const { env: name, deprecatedEnv = '', doc, default: otherwise, parse, secret = false } = spec[key];
    const [current, former] = [read(name), read(deprecatedEnv)];
    if (current !== undefined && former !== undefined && current !== former) {
      problems.push(`${name} and ${deprecatedEnv}: set to different values; remove ${deprecatedEnv}, which is deprecated`);
      continue;
    }
    if (former !== undefined) deprecated.push({ name: deprecatedEnv, replacement: name });
    const text = current ?? former ?? otherwise;
    if (text === undefined) {
      problems.push(`${name}: required, ${doc}`);
      continue;
    }
    const parsed = parse(text);
    const used = current === undefined && former !== undefined ? deprecatedEnv : name;
    if (parsed.ok) config[key] = parsed.value;
    else problems.push(`${used}: expected ${parsed.expected}, got ${secret ? 'an invalid value' : JSON.stringify(text)}`);
  }
  return problems.length === 0 ? { ok: true, config: Object.freeze(config as T), deprecated } : { ok: false, problems };
}

/**
 * As {@link parseConfig}, for a main function.
 * @throws {@link ConfigError} with every problem
 */
export function loadConfig<T extends object>(spec: ConfigSpec<T>, env: Readonly<Record<string, string | undefined>>): Readonly<T> {
  const result = parseConfig(spec, env);
  if (!result.ok) throw new ConfigError(result.problems);
  return result.config;
}
