/**
 * The longest text for people that is kept, in UTF-16 code units. What others wrote, such as the answer of an admission webhook, may be
 * megabytes long.
 */
export const LONGEST_MESSAGE = 1_024;

const MARK = ' … ';
const HEAD_SHARE = 2 / 3;

/**
 * Keeps the beginning and the end of a text that is longer than `longest` UTF-16 code units, and marks the gap. Text from outside goes
 * through here before it is kept: the result does not hold on to the original's memory.
 */
export function shortenText(text: string, longest: number = LONGEST_MESSAGE): string {
  if (text.length <= longest) return text;
  const kept = Math.max(longest - MARK.length, 0);
  const head = Math.ceil(kept * HEAD_SHARE);
  // Half of a surrogate pair is no character. To join copies, where a slice would point into the original.
  return [
    text.slice(0, head).replace(/[\uD800-\uDBFF]$/, ''),
    MARK,
    text.slice(text.length - (kept - head)).replace(/^[\uDC00-\uDFFF]/, ''),
  ]
    .join('')
    .slice(0, longest);
}
