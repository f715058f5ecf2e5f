import type { Disk, UpdateStatusFile } from './update-status.ts';

/** The identity of a build beside its version. */
export interface HostIdentity {
  readonly arch: string;
  readonly variant: string;
}

/** Body of `GET /updates/status`. */
export function statusBody(file: UpdateStatusFile, disk: Disk, { arch, variant }: HostIdentity): object {
  const image = (version: string): unknown => ({ arch, version, variant });
  const command = file.mostRecent;
  return {
    update_state: file.state,
    available_updates: file.available,
    chosen_update: file.chosen === null ? null : image(file.chosen),
    active_partition: { image: image(disk.active), next_to_boot: file.state !== 'Ready' },
    staging_partition: file.staged === null ? null : { image: image(file.staged), next_to_boot: file.state === 'Ready' },
    most_recent_command:
      command === null
        ? null
        : {
            cmd_type: command.command,
            cmd_status: command.status,
            timestamp: command.timestamp,
            exit_status: command.exitStatus,
            stderr: command.stderr,
          },
  };
}

/** Body of `GET /os`. */
export function osBody(version: string, { arch, variant }: HostIdentity): unknown {
  return {
    arch,
    build_id: buildId(version),
    pretty_name: osImage(version, variant),
    variant_id: variant,
    version_id: version,
  };
}

/** Name of the operating system, as in `/os` and in the Node's `nodeInfo.osImage`. */
export function osImage(version: string, variant: string): string {
  return `Bottlerocket OS ${version} (${variant})`;
}

function buildId(version: string): string {
  let hash = 0x811c9dc5;
  for (const letter of version) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
