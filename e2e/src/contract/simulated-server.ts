import { inProcessClient, seededRandom, systemClock } from '@brupop/ports';
import type { HttpClient } from '@brupop/ports';
import { SimulatedApi, SimulatedCluster } from '@brupop/simulator';
import type { Server } from './world.ts';

/** The simulator's API with its controllers, on the machine's clock. @returns the server, and a function that stops it */
export function startSimulatedServer(): { readonly server: Server; readonly stop: () => void } {
  const random = seededRandom(1);
  const api = new SimulatedApi({ clock: systemClock, random });
  const cluster = new SimulatedCluster({ api, clock: systemClock, random, nodes: [] });
  cluster.start();
  const inner = inProcessClient(api.handle);
  let webhooks = 0;
  const withToken = (token: string): HttpClient => ({
    request: (request, signal) => inner.request({ ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } }, signal),
  });
  return {
    server: {
      asAdmin: withToken(api.adminToken),
      withToken,
      forget: () => {
        api.faults.compact();
      },
      hostWebhook: (handler) => {
        const url = `https://webhook-${++webhooks}.example.com/admit`;
        const stop = api.webhooks.serve(url, handler);
        return Promise.resolve({
          clientConfig: { url },
          close: () => {
            stop();
            return Promise.resolve();
          },
        });
      },
    },
    stop: () => {
      cluster.stop();
    },
  };
}
