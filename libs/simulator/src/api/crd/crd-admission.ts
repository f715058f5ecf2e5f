import { validatorOf } from './crd-validation.ts';
import { invalid } from '../http/status.ts';
import type { StatusCause } from '../http/status.ts';
import { isRecord, valueAt } from '../types.ts';
import type { Json } from '../types.ts';

const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

function versionProblems(versions: readonly Json[]): StatusCause[] {
  const causes: StatusCause[] = [];
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    const message = 'Invalid value: must have exactly one version marked as storage version';
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.versions' });
  }
  versions.forEach((version, at) => {
    const field = `spec.versions[${String(at)}].schema.openAPIV3Schema`;
    const schema = valueAt(version, 'schema.openAPIV3Schema');
    if (!isRecord(schema)) {
      causes.push({ reason: 'FieldValueRequired', message: 'Required value: schemas are required', field });
      return;
    }
    if (schema['type'] !== 'object') {
      const message = `Invalid value: ${JSON.stringify(schema['type'] ?? '')}: must be object at the root`;
      causes.push({ reason: 'FieldValueInvalid', message, field: `${field}.type` });
    }
    try {
      validatorOf(schema);
    } catch (error) {
      causes.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${(error as Error).message}`, field });
    }
  });
  return causes;
}

/**
 * Checks a CustomResourceDefinition.
 * @throws StatusError 422, also if it drops a version in which objects may still be stored
 */
export function admitDefinition(body: Json, name: string): void {
  const group = String(valueAt(body, 'spec.group'));
  const plural = String(valueAt(body, 'spec.names.plural'));
  const versions = records(valueAt(body, 'spec.versions'));
  const causes = versionProblems(versions);
  if (name !== `${plural}.${group}`) {
    const message = `Invalid value: "${name}": must be spec.names.plural+"."+spec.group`;
    causes.push({ reason: 'FieldValueInvalid', message, field: 'metadata.name' });
  }
  const stored = valueAt(body, 'status.storedVersions');
  (Array.isArray(stored) ? stored : []).forEach((version: unknown, at) => {
    if (versions.some((each) => each['name'] === version)) return;
    const message = `Invalid value: ${JSON.stringify(version)}: missing from spec.versions; ${String(version)} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${String(version)} and removes ${String(version)} from status.storedVersions`;
    causes.push({ reason: 'FieldValueInvalid', message, field: `status.storedVersions[${String(at)}]` });
  });
  if (causes.length > 0) throw invalid({ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' }, name, causes);
}
