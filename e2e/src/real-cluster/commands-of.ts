/**
 * The commands that a document in Markdown gives beneath a heading: those of the first block for a shell there.
 * @throws Error if there is none
 */
export function commandsOf(markdown: string, heading: string): string {
  // A heading, and not a comment among the commands.
  const sections = markdown.split(/^##+ /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const [, commands] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
  if (commands === undefined) throw new Error(`there are no commands beneath "${heading}"`);
  return commands;
}
