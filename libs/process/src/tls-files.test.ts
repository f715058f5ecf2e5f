import { createPrivateKey } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { memoryLogger, VirtualClock } from '@brupop/ports';
import { secretVolume, tlsFiles } from './tls-files.ts';
import type { TlsMaterial } from './tls-files.ts';

const DATA = join(import.meta.dirname, '../test-data');
let dir = '';

/** Publishes a pair as a kubelet does: a new directory, then an atomic change of a symbolic link. */
function publish(name: 'first' | 'second', keyOf: 'first' | 'second' = name): void {
  const version = join(dir, `..${name}-${keyOf}`);
  mkdirSync(version);
  cpSync(join(DATA, `${name}.crt`), join(version, 'tls.crt'));
  cpSync(join(DATA, `${name}.crt`), join(version, 'ca.crt'));
  cpSync(join(DATA, `${keyOf}.key`), join(version, 'tls.key'));
  symlinkSync(version, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
}

function open() {
  const clock = new VirtualClock();
  const log = memoryLogger();
  const changes: TlsMaterial[] = [];
  const files = tlsFiles({ files: secretVolume(dir), clock, log, checkIntervalMs: 1_000, onChange: (material) => changes.push(material) });
  return { clock, log, changes, files };
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'brupop-'));
  publish('first');
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) symlinkSync(join('..data', name), join(dir, name));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe(tlsFiles, () => {
  test('returns the same objects while the files do not change', async () => {
    const { clock, changes, files } = open();
    const material = files.material();
    const context = files.secureContext();
    await clock.advance(10_000);
    expect(files.material()).toBe(material);
    expect(files.secureContext()).toBe(context);
    expect(changes).toEqual([]);
  });

  test('reloads files that a kubelet has replaced, and logs it', async () => {
    const { clock, changes, files } = open();
    const before = files.material();
    publish('second');
    await clock.advance(1_000);
    expect(files.material()).not.toEqual(before);
    expect(changes).toEqual([files.material()]);
  });

  test.each([
    {
      name: 'a key of another certificate',
      spoil: () => {
        publish('second', 'first');
      },
    },
    {
      name: 'an incomplete certificate',
      spoil: () => {
        writeFileSync(join(dir, '..data', 'tls.crt'), '-----BEGIN CERT');
      },
    },
    {
      name: 'a missing file',
      spoil: () => {
        rmSync(join(dir, '..data', 'ca.crt'));
      },
    },
  ])('keeps the previous files instead of $name, logs it once, and recovers', async ({ spoil }) => {
    const { clock, log, changes, files } = open();
    const before = files.material();
    spoil();
    await clock.advance(5_000);
    expect(files.material()).toBe(before);
    expect(log.entries.map(({ message }) => message)).toEqual(['Keeping the previous TLS files']);
    publish('second');
    await clock.advance(1_000);
    expect(changes).toHaveLength(1);
  });

  test('lessons §5.7: notices a changed key of any format, with the same certificate', async () => {
    const { clock, changes, files } = open();
    const key = createPrivateKey(files.material().key ?? '').export({ type: 'sec1', format: 'pem' });
    expect(key).toContain('BEGIN EC PRIVATE KEY');
    writeFileSync(join(dir, '..data', 'tls.key'), key);
    await clock.advance(1_000);
    expect(changes.map((material) => material.key)).toEqual([key]);
  });

  test('does not check any more after it is closed', async () => {
    const { clock, changes, files } = open();
    files.close();
    publish('second');
    await clock.advance(10_000);
    expect(changes).toEqual([]);
    files.check();
    expect(changes).toHaveLength(1);
  });

  test('fails to start without valid files', () => {
    rmSync(join(dir, 'ca.crt'));
    expect(open).toThrow(expect.objectContaining({ code: 'TLS_FILES', retry: 'transient' }));
  });
});
