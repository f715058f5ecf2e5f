import type { TextRule } from '@brupop/process';

/** The part of JSON Schema (draft 7) that describes one value of a chart. */
export interface ValueSchema {
  readonly description?: string;
  readonly type?: readonly string[];
  readonly enum?: readonly (string | boolean)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

// Helm renders larger integers as 1e+06: they must be texts.
const LARGEST_INTEGER = 999_999;

/**
 * The schema of a chart's value that becomes the text of a variable: a text, or the number or boolean that is written like it.
 * @param isOptional whether an empty text means no value
 */
export function schemaOf(rule: TextRule | undefined, isOptional: boolean): ValueSchema {
  if (rule === undefined) return { type: ['string', 'integer', 'boolean'], maximum: LARGEST_INTEGER };
  const parts = partsOf(rule);
  const words = parts.flatMap((part) => ('words' in part ? part.words : [])).filter((word) => word !== '');
  const booleans = ['true', 'false'].every((word) => words.includes(word)) ? [true, false] : [];
  if (parts.every((part) => 'words' in part && part.anyCase !== true))
    return { enum: [...words, ...booleans, ...(isOptional ? [''] : [])] };
  const integers = parts.flatMap((part) => ('integer' in part ? [part.integer] : []));
  const types = ['string', ...(integers.length > 0 ? ['integer'] : []), ...(booleans.length > 0 ? ['boolean'] : [])];
  return {
    type: types,
    pattern: `^(${parts
      .map(patternOf)
      .filter((pattern) => pattern !== '')
      .join('|')})${isOptional ? '?' : ''}$`,
    ...(integers.length === 0
      ? {}
      : { minimum: Math.min(...integers.map(({ min }) => min)), maximum: Math.min(LARGEST_INTEGER, ...integers.map(({ max }) => max)) }),
  };
}

type Part = Exclude<TextRule, { readonly anyOf: unknown }>;

function partsOf(rule: TextRule): readonly Part[] {
  return 'anyOf' in rule ? rule.anyOf.flatMap(partsOf) : [rule];
}

function patternOf(part: Part): string {
  if ('pattern' in part) return part.pattern;
  if ('integer' in part) return `[+]?0*(${integerPattern(part.integer.min, part.integer.max)})`;
  const words = part.words.filter((word) => word !== '');
  return words.map((word) => (part.anyCase === true ? word.replace(/[a-z]/g, (a) => `[${a}${a.toUpperCase()}]`) : word)).join('|');
}

// A larger limit has no use, and more digits would only make the pattern longer.
const MOST = 999_999_999_999_999;

/**
 * A pattern for the decimals of the integers from `min` to `max`, both inclusive and not negative, without leading zeros.
 */
export function integerPattern(min: number, max: number): string {
  const most = Math.min(max, MOST);
  const alternatives: string[] = [];
  let from = min;
  while (from <= most) {
    const digits = String(from).length;
    // Ranges of whole lengths: 10 to 99, 100 to 999, and so on.
    const isWhole = from === 10 ** (digits - 1);
    const last = isWhole ? String(most + 1).length - 1 : digits;
    if (isWhole && last >= digits) alternatives.push(`[1-9]${repeated(digits - 1, last - 1)}`);
    else alternatives.push(...between(String(from), String(Math.min(most, 10 ** digits - 1))));
    from = 10 ** (isWhole ? Math.max(last, digits) : digits);
  }
  return alternatives.join('|');
}

function repeated(least: number, most: number): string {
  if (most === 0) return '';
  return least === most ? `[0-9]{${String(least)}}` : `[0-9]{${String(least)},${String(most)}}`;
}

/** Alternatives for the texts from `least` to `most`, which have the same number of digits. */
function between(least: string, most: string): readonly string[] {
  const [first = '', last = ''] = [least[0], most[0]];
  const [low, high] = [least.slice(1), most.slice(1)];
  if (low === '') return [digits(first, last)];
  const isLowest = /^0*$/.test(low);
  const isHighest = /^9*$/.test(high);
  const any = `[0-9]${low.length === 1 ? '' : `{${String(low.length)}}`}`;
  if (first === last) return isLowest && isHighest ? [first + any] : between(low, high).map((rest) => first + rest);
  const from = isLowest ? first : String(Number(first) + 1);
  const to = isHighest ? last : String(Number(last) - 1);
  return [
    ...(isLowest ? [] : between(low, '9'.repeat(low.length)).map((rest) => first + rest)),
    ...(from <= to ? [digits(from, to) + any] : []),
    ...(isHighest ? [] : between('0'.repeat(high.length), high).map((rest) => last + rest)),
  ];
}

const digits = (from: string, to: string): string => (from === to ? from : `[${from}-${to}]`);
