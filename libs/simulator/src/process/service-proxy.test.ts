import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePort } from './service-proxy.ts';

test('a free port can be listened on, and is outside the range of ephemeral ports', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(ports[0], '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
});
