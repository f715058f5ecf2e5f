const SECONDS = '0*[1-5]?[0-9]';
const HOURS = '0*(1?[0-9]|2[0-3])';
const DAYS = '0*([1-9]|[12][0-9]|3[01])W?|LW?';
const MONTHS = '0*([1-9]|1[0-2])|[A-Za-z]{3,9}';
const WEEKDAYS = '[+]?(0*[1-7]|[A-Za-z]{3,9})(#[1-5L]|L)?';
const YEARS = '0*[1-9][0-9]{0,3}';

/** Values, spans and steps, in any order: what follows what is left to the parser. */
const field = (value: string): string => `([*?]|${value})?([-,]([*?]|${value})?|/[0-9]+)*`;

/**
 * What an expression looks like that `parseCronWindow` takes: seven fields with values that they can have, the last of which may be left out; a nickname; or
 * nothing but asterisks. What depends on more than one value, such as a span that ends before it begins, and the names of months and days are left to the
 * parser, so that a person can read the pattern in an error. A regular expression over the whole text.
 */
export const CRON_PATTERN: string = [
  `${[SECONDS, SECONDS, HOURS, DAYS, MONTHS, WEEKDAYS].map(field).join('\\s+')}(\\s+${field(YEARS)})?`,
  '@[A-Za-z]+',
  '[*?](\\s+[*?])*',
].join('|');
