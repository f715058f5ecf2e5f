const SECONDS = '0*[1-5]?[0-9]';
const HOURS = '0*(1?[0-9]|2[0-3])';
const DAYS = '0*([1-9]|[12][0-9]|3[01])W?|LW?';
const MONTHS = '0*([1-9]|1[0-2])|[A-Za-z]{3,9}';
const WEEKDAYS = '[+]?(0*[1-7]|[A-Za-z]{3,9})(#[1-5L]|L)?';
const YEARS = '0*[1-9][0-9]{0,3}';

/** Values, ranges and steps in any order. The parser checks whether their order is valid. */
const field = (value: string): string => `([*?]|${value})?([-,]([*?]|${value})?|/[0-9]+)*`;

/**
 * The format of the expressions that `parseCronWindow` accepts, as a regular expression for the whole text: seven fields with possible
 * values, the last of which is optional; a nickname; or only asterisks. The parser checks the names of months and days and what depends on
 * several values, such as a range that ends before it begins, so that the pattern stays readable in an error.
 */
export const CRON_PATTERN: string = [
  `${[SECONDS, SECONDS, HOURS, DAYS, MONTHS, WEEKDAYS].map(field).join('\\s+')}(\\s+${field(YEARS)})?`,
  '@[A-Za-z]+',
  '[*?](\\s+[*?])*',
].join('|');
