import type { BottlerocketShadow, ProgressStep, ShadowStatus } from '@brupop/crd-models';

// Undoing these needs no permission: a node is always given back.
const DISRUPTIVE: readonly (ProgressStep | undefined)[] = ['Excluding', 'Draining', 'Rebooting'];

/**
 * Whether the controller permits a node to be disturbed.
 * @param version that the node is to boot into; undefined where the caller does not say
 * @returns why not, if it does not
 */
export function whyNotPermitted(shadow: Pick<BottlerocketShadow, 'spec'> | undefined, version?: string): string | undefined {
  if (shadow === undefined) return 'the node has no shadow';
  const { spec } = shadow;
  if (spec.state !== 'RebootedIntoUpdate') return `the desired state of the shadow is ${spec.state}`;
  if (version === undefined || spec.version === version) return undefined;
  return `the desired version is ${spec.version ?? 'not set'}, not ${version}`;
}

/**
 * Decides whether a report that was just written tells of a step that the spec does not permit any more.
 * @param shadow as the API server has answered the write: no cache is as fresh
 */
export function whyReportRefused(shadow: Pick<BottlerocketShadow, 'spec'>, { progress }: ShadowStatus): string | undefined {
  return progress != null && DISRUPTIVE.includes(progress.step) ? whyNotPermitted(shadow, progress.version) : undefined;
}
