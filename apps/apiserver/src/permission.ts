import { shadowName, type BottlerocketShadow, type ProgressStep, type ShadowStatus } from '@brupop/crd-models';
import { RequestError } from './errors.ts';
import { readShadow, type ShadowReader } from './read-shadow.ts';

// To undo these needs no permission: a node may always be restored.
const DISRUPTIVE: readonly (ProgressStep | undefined)[] = ['Excluding', 'Draining', 'Rebooting'];

/**
 * Decides whether the spec of a shadow permits the disruption of its node.
 * @param version that the node is to boot into; undefined if the caller does not name one
 * @returns why not; undefined if it is permitted
 */
export function whyNotPermitted(shadow: Pick<BottlerocketShadow, 'spec'> | undefined, version?: string): string | undefined {
  if (shadow === undefined) return 'the node has no shadow';
  const { spec } = shadow;
  if (spec.state !== 'RebootedIntoUpdate') return `the desired state of the shadow is ${spec.state}`;
  if (version === undefined || spec.version === version) return undefined;
  return `the desired version is ${spec.version ?? 'not set'}, not ${version}`;
}

/**
 * Decides whether a report that was just written describes a step that the spec no longer permits.
 * @param shadow from the response to the write, which is fresher than any cache
 */
export function whyReportRefused(shadow: Pick<BottlerocketShadow, 'spec'>, { progress }: ShadowStatus): string | undefined {
  return progress != null && DISRUPTIVE.includes(progress.step) ? whyNotPermitted(shadow, progress.version) : undefined;
}

/**
 * @throws RequestError `NOT_PERMITTED` unless the spec permits the disruption of the node. A cache may grant it; only the API server may
 * deny it.
 */
export async function checkPermission(reader: ShadowReader, nodeName: string, signal: AbortSignal): Promise<void> {
  const name = shadowName(nodeName);
  if (whyNotPermitted(reader.caches.shadow(name)) === undefined) return;
  const refusal = whyNotPermitted(await readShadow(reader, name, signal));
  if (refusal !== undefined) throw notPermitted(nodeName, refusal);
}

/** The error for a step that the spec does not permit. */
export function notPermitted(nodeName: string, why: string): RequestError {
  return new RequestError('NOT_PERMITTED', `Not permitted to disrupt node ${nodeName}: ${why}`);
}
