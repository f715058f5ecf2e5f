import { stringify } from 'yaml';

/** A value as YAML, without anchors: kubectl reads them, but they confuse people and other tools. */
export function yamlOf(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true });
}
