import { describe, expect, test } from '@jest/globals';
import { memoryLogger, nodeHttpClient, textResponse, VirtualClock } from '@brupop/ports';
import type { HttpClient, HttpResponse } from '@brupop/ports';
import { createReadiness } from './readiness.ts';
import { serveReadiness } from './serve-readiness.ts';

const MINUTE = 60_000;
const { signal } = new AbortController();
const answers = (response: () => HttpResponse | Error): HttpClient => ({
  request: () => {
    const given = response();
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  },
});

/** The two peers of an agent, which send the given responses to a request a minute. */
function aReadiness() {
  const clock = new VirtualClock();
  const readiness = createReadiness(clock, 2 * MINUTE);
  const peers = { host: textResponse(200) as HttpResponse | Error, apiserver: textResponse(304) as HttpResponse | Error };
  const host = readiness.host(answers(() => peers.host));
  const apiserver = readiness.apiserver(answers(() => peers.apiserver));
  const ask = async (): Promise<void> => {
    await host.request({ method: 'GET', path: '/updates/status' }, signal).catch(() => undefined);
    await apiserver.request({ method: 'GET', path: '/shadow' }, signal).catch(() => undefined);
  };
  const pass = async (minutes: number): Promise<void> => {
    for (let at = 0; at < minutes; at++) {
      await ask();
      await clock.advance(MINUTE);
    }
  };
  return { clock, readiness, peers, ask, pass };
}

describe(createReadiness, () => {
  test('an agent is ready after its host and its apiserver have answered', async () => {
    const { readiness, peers, ask } = aReadiness();
    expect(readiness.problem()).toBe('No successful response from the host yet');
    peers.apiserver = textResponse(401);
    await ask();
    expect(readiness.problem()).toBe('No successful response from the apiserver yet: GET /shadow returned 401');
    peers.apiserver = textResponse(404);
    await ask();
    expect(readiness.problem()).toBeUndefined();
  });

  test.each([
    { name: 'a host whose API fails', peer: 'host' as const, answer: textResponse(500), after: 1 },
    { name: 'an unreachable host', peer: 'host' as const, answer: new Error('refused'), after: 1 },
    { name: 'an apiserver that rejects the token', peer: 'apiserver' as const, answer: textResponse(401), after: 5 },
    { name: 'an unreachable apiserver', peer: 'apiserver' as const, answer: new Error('refused'), after: 5 },
  ])('$name makes it unready after $after min, with the cause, until it answers again', async ({ peer, answer, after }) => {
    const { readiness, peers, ask, pass } = aReadiness();
    await pass(1);
    const good = peers[peer];
    peers[peer] = answer;
    await pass(after - 1);
    await ask();
    expect(readiness.problem()).toBeUndefined();
    await pass(1);
    expect(readiness.problem()).toMatch(new RegExp(`^No successful response from the ${peer} for \\d+ s: .*(refused|returned)`));
    peers[peer] = good;
    await ask();
    expect(readiness.problem()).toBeUndefined();
  });

  test('an agent that hangs and sends no requests is not ready', async () => {
    const { clock, readiness, pass } = aReadiness();
    await pass(1);
    await clock.advance(12 * MINUTE);
    expect(readiness.problem()).toMatch(/^No response from the host for \d+ s$/);
  });
});

describe(serveReadiness, () => {
  test('answers only the probe', async () => {
    let problem: string | undefined = 'No successful response from the host yet';
    const server = await serveReadiness(() => problem, 0, memoryLogger());
    const get = async (path: string): Promise<[number, string]> => {
      const http = nodeHttpClient({ baseUrl: `http://127.0.0.1:${String(server.port)}`, keepAlive: false });
      const response = await http.request({ method: 'GET', path }, signal);
      const answer: [number, string] = [response.status, await response.text()];
      http.close();
      return answer;
    };
    expect(await get('/readyz')).toEqual([503, 'No successful response from the host yet\n']);
    problem = undefined;
    expect(await get('/readyz')).toEqual([200, 'ready\n']);
    expect(await get('/other')).toEqual([404, '']);
    const log = memoryLogger();
    const second = await serveReadiness(() => undefined, server.port ?? 0, log);
    expect([second.port, log.entries.map(({ level }) => level)]).toEqual([undefined, ['warn']]);
    server.close();
  });
});
