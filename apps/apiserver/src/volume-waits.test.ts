import { describe, expect, test } from '@jest/globals';
import { createKubeClient, KubeApiError, type KubeClient } from '@brupop/kube-runtime';
import { inProcessClient, memoryLogger, seededRandom, VirtualClock } from '@brupop/ports';
import { SimulatedApi } from '@brupop/simulator';
import { createVolumeWaits, DETACH_PATIENCE_MS, type VolumeWait } from './volume-waits.ts';

const clock = new VirtualClock();

/** An API with one volume attached to node-1 and another to node-2. */
function anApi(): { readonly api: SimulatedApi; readonly client: KubeClient } {
  const api = new SimulatedApi({ clock, random: seededRandom(1) });
  for (const nodeName of ['node-1', 'node-2'])
    api.store.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      metadata: { name: `csi-${nodeName}` },
      spec: { attacher: 'csi.example.com', nodeName, source: { persistentVolumeName: `pv-${nodeName}` } },
    });
  const authorization = `Bearer ${api.adminToken}`;
  const http = inProcessClient((request, signal) => api.handle({ ...request, headers: { ...request.headers, authorization } }, signal));
  return { api, client: createKubeClient({ http, clock }) };
}

const never = new AbortController().signal;

async function waitOnce(
  client: KubeClient,
  leftMs = Infinity,
  waits = createVolumeWaits({ client, clock, log: memoryLogger() }),
): Promise<VolumeWait> {
  let result: VolumeWait | undefined;
  void waits.wait({ nodeName: 'node-1', keep: [], leftMs, signal: never, stop: never }).then((value) => (result = value));
  await clock.advanceUntil(() => result !== undefined, 60_000);
  if (result === undefined) throw new Error('the wait did not end in time');
  return result;
}

const failing = (error: Error): KubeClient => ({ request: () => Promise.reject(error), stream: () => Promise.reject(error) });

describe(createVolumeWaits, () => {
  test('ends when the volumes of the node are detached, whatever is attached elsewhere', async () => {
    const { api, client } = anApi();
    const beginMs = clock.monotonic();
    clock.setTimer(3_000, () => {
      api.store.delete({ group: 'storage.k8s.io', resource: 'volumeattachments', name: 'csi-node-1' });
    });
    expect((await waitOnce(client)).attached).toEqual([]);
    expect(clock.monotonic() - beginMs).toBeLessThanOrEqual(3_100);
  });

  test('waits in parts, ends after two minutes with the names, and starts again for another drain', async () => {
    const { client } = anApi();
    const waits = createVolumeWaits({ client, clock, log: memoryLogger() });
    const beginMs = clock.monotonic();
    let wait = await waitOnce(client, Infinity, waits);
    expect(clock.monotonic() - beginMs).toBeLessThanOrEqual(10_000);
    while (wait.leftMs > 0) wait = await waitOnce(client, Infinity, waits);
    expect([wait.attached, clock.monotonic() - beginMs]).toEqual([['pv-node-1'], DETACH_PATIENCE_MS]);
    expect(await waitOnce(client, Infinity, waits)).toEqual({ attached: ['pv-node-1'], leftMs: 0 });
    waits.begin('node-1');
    expect((await waitOnce(client, Infinity, waits)).leftMs).toBeGreaterThan(0);
  });

  test.each([{ leftMs: 2_000 }, { leftMs: 0 }, { leftMs: -1 }])('ends with the drain timeout: $leftMs ms', async ({ leftMs }) => {
    const { client } = anApi();
    const beginMs = clock.monotonic();
    expect((await waitOnce(client, leftMs)).leftMs).toBe(0);
    expect(clock.monotonic() - beginMs).toBeLessThanOrEqual(Math.max(leftMs, 0));
  });

  test('does not wait without the permission to list volume attachments', async () => {
    expect(await waitOnce(failing(new KubeApiError(403, 'Forbidden', 'x')))).toEqual({ attached: [], leftMs: 0 });
  });

  test('waits between attempts while the volume attachments cannot be listed', async () => {
    const beginMs = clock.monotonic();
    const { attached, leftMs } = await waitOnce(failing(new KubeApiError(500, 'InternalError', 'x')));
    expect([attached, leftMs > 0, clock.monotonic() - beginMs >= 5_000]).toEqual([[expect.stringContaining('unknown')], true, true]);
  });
});
