import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROUTES } from '@brupop/agent-api';
import { CORDONED_ANNOTATION } from '@brupop/crd-models';
import type { Response } from 'light-my-request';
import { ApiserverWorld } from '../testing/apiserver-world.ts';

const STATUS = { current_version: '1.0.0', target_version: '1.1.0', current_state: 'Idle', crash_count: 0 };

let world: ApiserverWorld;
beforeEach(async () => {
  world = await new ApiserverWorld().start();
  world.permit();
});
afterEach(async () => {
  world.stopping.abort();
  await world.clock.settle();
});
const step = (url: string): Promise<Response> => world.send(world.asAgent('POST', url));

describe('node steps of agents of Brupop 1.x', () => {
  test('block until the node is drained, and have a response without a body', async () => {
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(45_000, () => {
      world.removePod('web-0');
    });
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(45_000);
  });

  test('end with an error at a shutdown of the replica', async () => {
    world.addPod('web-0', 'node-1');
    world.clock.setTimer(15_000, () => {
      world.stopping.abort();
    });
    const response = await step(ROUTES.cordonAndDrain);
    expect([response.statusCode, response.json()]).toMatchObject([503, { error: { code: 'SHUTTING_DOWN' } }]);
  });

  test('uncordon immediately, whether the Node is Ready or not', async () => {
    await step(ROUTES.cordonAndDrain);
    world.patchNode({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    const response = await step(ROUTES.uncordon);
    expect([response.statusCode, response.body, world.cordoned]).toEqual([200, '', false]);
  });

  test('adopt the cordon of an apiserver of Brupop 1.x that was replaced in the middle of the drain', async () => {
    await world.send(world.asAgent('POST', ROUTES.shadow));
    await world.send(world.asAgent('PUT', ROUTES.shadow, { body: { ...STATUS, current_state: 'StagedAndPerformedUpdate' } }));
    world.patchShadow({ spec: { state: 'RebootedIntoUpdate', version: '1.1.0' } });
    world.patchNode({ spec: { unschedulable: true } });
    await world.clock.advance(1_000);
    await step(ROUTES.cordonAndDrain);
    expect(JSON.parse(world.node().metadata.annotations?.[CORDONED_ANNOTATION] ?? '{}')).toMatchObject({ prior: null });
  });
});
