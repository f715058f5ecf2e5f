import type { CustomVersion } from './crd-definition.ts';
import type { ResourceType } from './resources.ts';
import type { Json } from './types.ts';

export function admitCustomObject(
  _type: ResourceType,
  _version: CustomVersion,
  body: Json,
  _name: string,
): { object: Json; dropped: string[] } {
  return { object: body, dropped: [] };
}
