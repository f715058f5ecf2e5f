// More than a fleet has words for. Agents may report anything: together they bound what is kept for good to some 2 MB.
const MOST_KNOWN = 1_000;
const LONGEST = 1_024;
const known = new Map<string, string>();

/**
 * The same text as one string for all who have it: shadows say much the same, and the parser makes a string of its own for each. A text that
 * is long, or that has not been met for long, becomes another string, which costs memory and nothing else.
 */
export function intern<T extends string>(text: T): T {
  const shared = known.get(text);
  if (shared !== undefined) return shared as T;
  if (text.length > LONGEST) return text;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, text);
  return text;
}
