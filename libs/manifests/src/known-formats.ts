const MOST_UINT32 = 2 ** 32 - 1;

/**
 * The definition as it is installed: `format: uint32`, which the schema of Brupop 1.x has, becomes the bounds that it stands for.
 * Kubernetes knows no such format, ignores it, and warns each time the definition is applied.
 */
export function withKnownFormats<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withKnownFormats) as T;
  if (typeof value !== 'object' || value === null) return value;
  const isUint32 = 'format' in value && value.format === 'uint32';
  const fields = Object.entries(value).filter(([key]) => !isUint32 || key !== 'format');
  const kept = Object.fromEntries(fields.map(([key, field]) => [key, withKnownFormats(field as unknown)]));
  return (isUint32 ? { ...kept, maximum: MOST_UINT32 } : kept) as T;
}
