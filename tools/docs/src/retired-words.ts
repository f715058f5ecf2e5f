/** A word that the code no longer uses. docs/glossary.md lists it, and the word that replaced it. */
export interface RetiredWord {
  /** As the glossary lists it. */
  readonly word: string;
  /** Matches a line that uses it, in an identifier or in prose. Words of Kubernetes, of the host's API and of the platform do not match. */
  readonly pattern: RegExp;
  /** The only folders in which it is retired; elsewhere it has its usual meaning. */
  readonly onlyIn?: readonly string[];
}

/** Whole words, and parts of identifiers in camel case. */
const inAnyCase = (words: readonly string[]): RegExp => {
  const capitalised = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return new RegExp(
    `\\b(${[...words, ...capitalised].join('|')})(?![a-z])(?!( back| as storage)\\b)|(?<=[a-z])(${capitalised.join('|')})(?![a-z])`,
  );
};

/** The words that docs/glossary.md lists as retired. */
export const RETIRED_WORDS: readonly RetiredWord[] = [
  { word: 'tell', pattern: inAnyCase(['tell', 'tells', 'telling', 'told', 'untold']) },
  { word: 'held', pattern: inAnyCase(['(?<!Update lock )held']) },
  { word: 'marked', pattern: inAnyCase(['marked', 'unmarked']) },
  { word: 'loudness', pattern: inAnyCase(['loudness', 'loud', 'loudly']) },
  { word: 'give back', pattern: /\bg(ive|ives|ave|iven|iving)( \w+){0,3} back\b|giveBack/i },
  {
    word: 'admission',
    pattern: /admission(?! (webhook|polic))|\badmits?\b/i,
    onlyIn: ['libs/state-machine/', 'apps/controller/'],
  },
  { word: 'picture', pattern: inAnyCase(['picture', 'pictures']) },
  { word: 'trim', pattern: /\btrim(?=[A-Z])(?!Start|End)|\bTrimmed(?=[A-Z])/ },
  { word: 'news', pattern: inAnyCase(['news']) },
  { word: 'phase watch', pattern: /phase-?\s?watch/i },
  { word: 'board', pattern: inAnyCase(['board']) },
  { word: 'doorbell', pattern: inAnyCase(['doorbell']) },
  { word: 'plug', pattern: inAnyCase(['plug']) },
  { word: 'predecessor', pattern: inAnyCase(['predecessor', 'predecessors']) },
  { word: 'original', pattern: /\b[oO]riginal(?=[A-Z])(?!Url)/ },
  { word: 'nobody', pattern: inAnyCase(['nobody', 'somebody', 'anybody', 'everybody', 'whoever']) },
  { word: 'gets no further', pattern: /\b(get|gets|got) no further\b/ },
  { word: 'a version that is none', pattern: /\b(that|which) is none\b/ },
  { word: 'takes nothing away', pattern: /\bnothing away\b/ },
  { word: 'comes to rest', pattern: /\bcomes? to rest\b/ },
];
