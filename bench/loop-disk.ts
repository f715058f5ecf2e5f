import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { CannotMeasure } from '@brupop/e2e';

/** A separate file system. */
export interface LoopDisk {
  readonly path: string;
  remove(): void;
}

/**
 * Mounts a small ext4 on a loop device with the kernel's default read-ahead of 128 KiB. The disks of some virtual machines read
 * 8 MiB ahead: then each missing page of text evicts all others from a small cgroup.
 * @throws {@link CannotMeasure}
 */
export function createLoopDisk(image: string, path: string): LoopDisk {
  let device: string | undefined;
  try {
    mkdirSync(path);
    run('truncate', ['-s', '256M', image]);
    run('mkfs.ext4', ['-q', image]);
    // Direct, so that the pages of the image file are not charged as well.
    device = run('losetup', ['--find', '--show', '--direct-io=on', image]).trim();
    run('mount', [device, path]);
  } catch (error) {
    if (device !== undefined) run('losetup', ['--detach', device]);
    throw new CannotMeasure(`cannot mount a loop device (truncate, mkfs.ext4, losetup, mount): ${String(error)}`);
  }
  const mounted = device;
  return {
    path,
    remove: () => {
      run('umount', [path]);
      run('losetup', ['--detach', mounted]);
    },
  };
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}
