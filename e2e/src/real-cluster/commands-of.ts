/**
 * The commands beneath a heading of a Markdown document: those of the first shell block there.
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
