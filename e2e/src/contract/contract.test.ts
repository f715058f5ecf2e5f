import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTRACT } from './contract.ts';
import { startSimulatedServer } from './simulated-server.ts';
import { createWorld, defineWidgets } from './world.ts';

const { server, stop } = startSimulatedServer();

beforeAll(async () => {
  await defineWidgets(server);
});
afterAll(stop);

describe('the simulated Kubernetes API', () => {
  test.each(CONTRACT)('$name', async ({ observe, expected }) => {
    const world = await createWorld(server, 'simulated');
    expect(await observe(world)).toEqual(expected);
    await world.done();
  });
});
