import { stringify } from 'yaml';

/** A value as YAML. Anchors are spelt out: kubectl reads them, people and other tools stumble. */
export function yamlOf(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0, singleQuote: true });
}
