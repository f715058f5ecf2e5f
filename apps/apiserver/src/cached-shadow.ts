import { boundStatus, soundShadow, type BottlerocketShadow, type ObservedShadow } from '@brupop/crd-models';

/** A shadow without `managedFields`, which are larger than the rest, and within the limits of the schema. */
export function transformShadow(shadow: BottlerocketShadow): BottlerocketShadow {
  const { status } = shadow;
  const bound = status === undefined || status === null ? status : boundStatus(status);
  if (!('managedFields' in shadow.metadata) && bound === status) return shadow;
  const metadata: BottlerocketShadow['metadata'] & { managedFields?: unknown } = { ...shadow.metadata };
  delete metadata.managedFields;
  return { ...shadow, metadata, ...(bound === undefined ? {} : { status: bound }) };
}

/** A shadow whose invalid parts are removed, so that decisions can rely on it; undefined if there is none. */
export function soundOrUndefined(shadow: unknown): ObservedShadow | undefined {
  return shadow === undefined ? undefined : soundShadow(shadow);
}
