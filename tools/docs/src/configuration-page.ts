import { markdownTable } from './markdown-table.ts';

/** One environment variable; the items of a ConfigSpec are such. */
export interface Variable {
  readonly env: string;
  /** Its former name, which still works. */
  readonly deprecatedEnv?: string;
  readonly doc: string;
  /** As in the environment. Empty means none; absent means that the variable is required. */
  readonly default?: string;
}

/** The variables of one process. */
export interface ProcessSection {
  readonly title: string;
  readonly variables: readonly Variable[];
}

const INTRO = `<!-- Generated from the processes' configuration by \`npm run generate\`. Do not edit. -->

# Configuration

Each process reads environment variables once, when it starts. A variable that is empty or blank counts as not set.
[Change a setting](operations.md#change-a-setting) describes how to set a variable after the installation.

The whole configuration is checked before anything else happens. Every problem is logged, such as
\`MAX_CONCURRENT_UPDATE: expected a positive integer or "unlimited", got "two"\`, and written to the file of \`TERMINATION_LOG\` if that is set.
Then the process ends with exit code 2.

The manifests in \`deploy/\` are generated from the [\`.env\`](../.env) at the root of the repository by \`npx nx run yamlgen:generate\`
([more](../tools/yamlgen/README.md)). It contains the variables that are changed most; set any other by the value \`env\` of the Helm
chart, or in the \`env\` of its workload.

The column _Default_ is the default of the process. Manifests and charts set some variables to another value: logs are \`json\`
(\`LOGGING_FORMATTER\`), while the process alone logs \`pretty\`, as Brupop 1.x does.

\`SCHEDULER_CRON_EXPRESSION\` is a window, such as \`* * 2-4 * * Sat *\`, or a trigger, such as \`0 0 2 * * Sat *\`:
[Restrict when updates run](operations.md#restrict-when-updates-run) describes which is which.

A variable applies to the process under whose heading it is. A name that several processes read means the same in each of them.
A renamed variable still works under its former name in this version, and the process logs a warning. Different values under both names are an error.
Names that end in \`_IN_SEC\` or \`_SECONDS\` are whole seconds.
`;

const HEADINGS = ['Variable', 'Default', 'Meaning'] as const;

/** The reference of all environment variables, as Prettier formats it. */
export function configurationPage(sections: readonly ProcessSection[]): string {
  return [INTRO, ...sections.map(({ title, variables }) => `## ${title}\n\n${table(variables)}\n`)].join('\n');
}

function table(variables: readonly Variable[]): string {
  return markdownTable(
    HEADINGS,
    variables.map((variable) => [`\`${variable.env}\``, defaultCell(variable), meaningCell(variable)]),
  );
}

function meaningCell({ doc, deprecatedEnv }: Variable): string {
  return deprecatedEnv === undefined ? doc : `${doc} Formerly \`${deprecatedEnv}\`.`;
}

function defaultCell({ default: value }: Variable): string {
  if (value === undefined) return 'required';
  return value === '' ? 'none' : `\`${value}\``;
}
