import { markdownTable } from './markdown-table.ts';

/** One environment variable; an item of a ConfigSpec is one. */
export interface Variable {
  readonly env: string;
  readonly doc: string;
  /** As in the environment. Empty: none; absent: the variable is required. */
  readonly default?: string;
}

/** The variables of one process. */
export interface ProcessSection {
  readonly title: string;
  readonly variables: readonly Variable[];
}

const INTRO = `<!-- Generated from the processes' configuration by \`npx nx run e2e:generate\`. Do not edit. -->

# Configuration

Each process reads environment variables, once, when it starts. A variable that is set to nothing, or to blanks, counts as not set.

The configuration is checked as a whole before anything else happens. Every fault is logged, such as
\`MAX_CONCURRENT_UPDATE: expected a positive integer or "unlimited", got "two"\`, and written to the file of \`TERMINATION_LOG\` if that is set.
Then the process ends with exit code 2.

The manifests in \`deploy/\` are generated from the [\`.env\`](../.env) at the root of the repository by \`npx nx run yamlgen:generate\`
([more](../tools/yamlgen/README.md)). It holds the variables that are changed most; any other is set by the value \`env\` of the Helm
chart, or belongs in the \`env\` of its workload.

A variable counts for the process under whose heading it stands. One of the same name may mean something else to another process.
Names that end in \`_IN_SEC\` or \`_SECONDS\` take whole seconds.
`;

const HEADINGS = ['Variable', 'Default', 'Meaning'] as const;

/** The reference manual of all environment variables, as Prettier formats it. */
export function configurationPage(sections: readonly ProcessSection[]): string {
  return [INTRO, ...sections.map(({ title, variables }) => `## ${title}\n\n${table(variables)}\n`)].join('\n');
}

function table(variables: readonly Variable[]): string {
  return markdownTable(
    HEADINGS,
    variables.map((variable) => [`\`${variable.env}\``, defaultCell(variable), variable.doc]),
  );
}

function defaultCell({ default: value }: Variable): string {
  if (value === undefined) return 'required';
  return value === '' ? 'none' : `\`${value}\``;
}
