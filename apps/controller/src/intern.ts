// More than the distinct texts of a fleet. Agents may report anything: the two limits bound the memory to about 2 MB.
const MOST_KNOWN = 1_000;
const LONGEST = 1_024;
const known = new Map<string, string>();

/**
 * One string for equal texts: most shadows contain the same texts, and the JSON parser allocates a string for each. A long text, or one
 * that was last seen long ago, may become another string, which only costs memory.
 */
export function intern<T extends string>(text: T): T {
  const shared = known.get(text);
  if (shared !== undefined) return shared as T;
  if (text.length > LONGEST) return text;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, text);
  return text;
}
