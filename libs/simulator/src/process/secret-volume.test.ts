import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { anApi } from '../api/api-fixture.ts';
import { mountSecret } from './secret-volume.ts';

let directory = '';
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secret-volume-'));
  unhandled.length = 0;
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  process.off('unhandledRejection', note);
  await rm(directory, { recursive: true });
});

describe(mountSecret, () => {
  test('writes the files of a Secret that is created later', async () => {
    const { api, create } = anApi();
    const volume = mountSecret(api.store, 'default', 'tls', directory);
    create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'default' }, ...{ data: { 'ca.crt': 'Y2E=' } } });
    await volume.ready;
    expect(await readFile(join(directory, 'ca.crt'), 'utf8')).toBe('ca');
    volume.unmount();
  });

  test('ends quietly when its pod is killed before the Secret is there and before anyone has waited for it', async () => {
    const { api } = anApi();
    const volume = mountSecret(api.store, 'default', 'tls', directory);
    volume.unmount();
    await setImmediate();
    await setImmediate();
    expect(unhandled).toEqual([]);
    await expect(volume.ready).rejects.toThrow('unmounted before it was there');
  });
});
