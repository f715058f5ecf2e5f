/** A program in a README, and its output as the README shows it. */
export interface ReadmeExample {
  readonly code: string;
  /** `…` stands for any text; undefined if the README does not show the output. */
  readonly output: string | undefined;
}

const FENCES = /^```(\w*)\n(.*?)^```$/gms;

/** The `ts` blocks of a README, each with the `text` block that follows. */
export function readmeExamples(markdown: string): ReadmeExample[] {
  const blocks = [...markdown.matchAll(FENCES)].map(([, language = '', text = '']) => ({ language, text }));
  return blocks.flatMap(({ language, text }, at) => {
    const next = blocks[at + 1];
    return language === 'ts' ? [{ code: text, output: next?.language === 'text' ? next.text : undefined }] : [];
  });
}

/** Whether `actual` matches what a README shows, where `…` in `shown` stands for any text. Surrounding white space is ignored. */
export function printsAsShown(shown: string, actual: string): boolean {
  const [start = '', ...parts] = shown.trim().split('…');
  const text = actual.trim();
  const end = parts.pop();
  if (end === undefined) return text === start;
  if (!text.startsWith(start)) return false;
  // The leftmost match of each part leaves most room for the next.
  let from = start.length;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return text.length - end.length >= from && text.endsWith(end);
}
