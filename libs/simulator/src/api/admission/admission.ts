import type { Core } from '../storage/core.ts';
import { admitDefinition } from '../crd/crd-admission.ts';
import { admitCustomObject } from '../crd/crd-validation.ts';
import type { ResourceType } from '../storage/resources.ts';
import { badRequest } from '../http/status.ts';
import type { Json } from '../types.ts';

/** Values of `?fieldValidation=`: what happens to unknown fields. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** An object that may be stored. */
export interface Admitted {
  readonly object: Json;
  /** Paths of fields that the schema does not know and that were dropped. */
  readonly dropped: readonly string[];
}

/**
 * Prunes, defaults and validates a custom resource against the schema of its version. Checks definitions. Leaves built-in objects alone.
 * @throws StatusError 422 Invalid; 400 for unknown fields under `Strict`
 */
export function admit(core: Core, type: ResourceType, body: Json, name: string, fieldValidation: FieldValidation = 'Ignore'): Admitted {
  if (type.kind === 'CustomResourceDefinition') admitDefinition(body, name);
  const version = core.registry.customVersion(type);
  if (version === undefined) return { object: body, dropped: [] };
  const admitted = admitCustomObject(type, version, body, name);
  if (fieldValidation === 'Strict' && admitted.dropped.length > 0) {
    const unknown = admitted.dropped.map((path) => `unknown field "${path}"`).join(', ');
    throw badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${unknown}`);
  }
  return admitted;
}
