import { GROUP } from '@brupop/crd-models';
import type { KubeObject } from '@brupop/simulator';

/** The longest text that the operator may write: the message of a condition has at most 4,096 characters. */
const LONGEST_TEXT = 4_096;
/** The largest status of a shadow, as JSON: each of its texts and lists has a limit, and not all reach it at once. */
const LARGEST_STATUS = 32_000;

/** Parts of an object of the operator that exceed the limits for data from outside. */
export function unboundedIn(object: KubeObject): string[] {
  const { metadata, status, message, note } = object as KubeObject & { status?: unknown; message?: unknown; note?: unknown };
  const ours = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith(GROUP));
  const texts = [...textsIn(status ?? null), ...textsIn(message ?? note ?? null), ...ours.map(([, text]) => text)];
  const longest = Math.max(0, ...texts.map((text) => text.length));
  const size = JSON.stringify(status ?? null).length;
  return [
    ...(longest > LONGEST_TEXT ? [`a text of ${String(longest)} characters`] : []),
    ...(object.kind === 'BottlerocketShadow' && size > LARGEST_STATUS ? [`a status of ${String(size)} bytes`] : []),
  ];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
