import type { BottlerocketShadow } from '@brupop/crd-models';

/** An update that ended because its version is no longer offered. */
export interface WithdrawnUpdate {
  /** The version of the update that ended. */
  readonly version: string;
  /** The version that the node is offered now, if any. */
  readonly target: string | undefined;
}

/**
 * The update that the agent ended because its version is no longer offered; undefined if there is none. The agent then reports `ErrorReset`
 * without a failure and with the version that it is offered now as its target. After a failure it reports the version of the update and the
 * cause. An agent of Brupop 1.x, which reports no boot ID, does not distinguish the two.
 */
export function withdrawnUpdate({ spec, status }: Pick<BottlerocketShadow, 'spec' | 'status'>): WithdrawnUpdate | undefined {
  const version = spec.version ?? '';
  if (version === '' || spec.state === 'ErrorReset' || status?.current_state !== 'ErrorReset' || status.boot_id === undefined)
    return undefined;
  if ((status.failure_message ?? null) !== null || status.target_version === version) return undefined;
  const { current_version, target_version } = status;
  return { version, target: target_version === current_version ? undefined : target_version };
}
