import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import {
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  EXCLUDED_FROM_LB_ANNOTATION,
  PLURAL,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
} from '@brupop/crd-models';
import { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
import { jsonResponse, textResponse } from '@brupop/ports';
import { ApiserverWorld, NAMESPACE } from './testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});

describe('a node that an update left cordoned and excluded', () => {
  const SOON = 60_000;
  const OWNED = { annotations: { [CORDONED_ANNOTATION]: '{}', [EXCLUDED_FROM_LB_ANNOTATION]: '{}' } };
  const labels = { [UPDATER_INTERFACE_LABEL]: UPDATER_INTERFACE_VERSION, [EXCLUDE_FROM_LB_LABEL]: 'True' };
  const TAINTS = [{ key: CORDONED_TAINT, effect: 'PreferNoSchedule' }];
  const isTainted = (): boolean => JSON.stringify(world.node()['spec']).includes(CORDONED_TAINT);
  const isLeft = (): boolean => {
    const { annotations = {}, labels: present = {} } = world.node().metadata as { annotations?: object; labels?: object };
    return (
      world.cordoned ||
      isTainted() ||
      EXCLUDE_FROM_LB_LABEL in present ||
      CORDONED_ANNOTATION in annotations ||
      EXCLUDED_FROM_LB_ANNOTATION in annotations
    );
  };
  const leave = (): void => {
    world.patchNode({ metadata: { ...OWNED, labels }, spec: { unschedulable: true, taints: TAINTS } });
  };
  const loseAgent = (): void => {
    world.patchNode({ metadata: { labels: { [UPDATER_INTERFACE_LABEL]: null } } });
    world.removePod('agent-node-1', NAMESPACE);
  };
  const begin = async (step = 'Draining'): Promise<void> => {
    await world.send(world.asAgent('POST', ROUTES.shadow));
    const progress = { step, since: '2026-01-05T00:00:00Z', boot_id: 'boot-1', version: '1.1.0' };
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' }, status: { ...STATUS, progress } });
    leave();
  };

  test('is restored after it has lost its label and its agent', async () => {
    await begin();
    loseAgent();
    expect(await world.clock.advanceUntil(() => !isLeft(), 2 * SOON)).toBe(true);
  });

  test('is restored when it has no shadow', async () => {
    leave();
    expect(await world.clock.advanceUntil(() => !isLeft(), 2 * SOON)).toBe(true);
  });

  test('is not restored while its host may still reboot', async () => {
    await begin('Rebooting');
    loseAgent();
    expect(await world.clock.advanceUntil(() => !isLeft(), 9 * SOON)).toBe(false);
    expect(await world.clock.advanceUntil(() => !isLeft(), 3 * SOON)).toBe(true);
  });

  test('is not restored because of a cache that does not show its update', async () => {
    world.api.faults.beforeRequest = (_request, _identity, { resource, verb }) =>
      resource === PLURAL && (verb === 'list' || verb === 'watch') ? jsonResponse(503, {}) : undefined;
    world.api.dropWatches();
    await begin();
    expect(await world.clock.advanceUntil(() => !isLeft(), 10 * SOON)).toBe(false);
  });

  test('is left to an agent that is updating it', async () => {
    await begin();
    expect(await world.clock.advanceUntil(() => !isLeft(), 30 * SOON)).toBe(false);
  });

  test('is not restored before it is Ready', async () => {
    await begin();
    loseAgent();
    const ready = (status: string): void => {
      world.patchNode({ status: { conditions: [{ type: 'Ready', status }] } });
    };
    ready('Unknown');
    expect(await world.clock.advanceUntil(() => !isLeft(), 30 * SOON)).toBe(false);
    ready('True');
    expect(await world.clock.advanceUntil(() => !isLeft(), 2 * SOON)).toBe(true);
  });

  test('is restored after the Kubernetes API has failed at first', async () => {
    leave();
    let failures = 3;
    world.api.faults.beforeRequest = ({ method, path }) =>
      method === 'PATCH' && path.includes('/nodes/') && failures-- > 0 ? textResponse(500, 'down') : undefined;
    expect(await world.clock.advanceUntil(() => !isLeft(), 10 * SOON)).toBe(true);
  });

  test("keeps an administrator's cordon", async () => {
    world.patchNode({ spec: { unschedulable: true } });
    expect(await world.clock.advanceUntil(() => !world.cordoned, 30 * SOON)).toBe(false);
  });
});
