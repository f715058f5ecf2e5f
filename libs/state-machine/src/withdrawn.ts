import type { BottlerocketShadow } from '@brupop/crd-models';

/** An update that ended because its version is no longer offered. */
export interface WithdrawnUpdate {
  /** The version that the node was permitted to go to. */
  readonly version: string;
  /** What it is offered instead, if anything. */
  readonly target: string | undefined;
}

/**
 * Whether the agent has ended the update because its version is no longer offered. It then reports `ErrorReset` without a failure, and with what it is offered
 * now as its target; of a failure it reports the permitted version and the reason. An agent of Brupop 1.x, which reports no boot id, does not tell the two apart.
 */
export function withdrawnUpdate({ spec, status }: Pick<BottlerocketShadow, 'spec' | 'status'>): WithdrawnUpdate | undefined {
  const version = spec.version ?? '';
  if (version === '' || spec.state === 'ErrorReset' || status?.current_state !== 'ErrorReset' || status.boot_id === undefined)
    return undefined;
  if ((status.failure_message ?? null) !== null || status.target_version === version) return undefined;
  const { current_version, target_version } = status;
  return { version, target: target_version === current_version ? undefined : target_version };
}
