import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/** Replaces the `apiclient` of a Bottlerocket host for the calls of Brupop 1.x: `apiclient raw -u URI [-m METHOD] [-d DATA]`. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      uri: { type: 'string', short: 'u', default: '/' },
      method: { type: 'string', short: 'm', default: 'GET' },
      data: { type: 'string', short: 'd' },
    },
    allowPositionals: true,
  });
  const { uri, method, data } = values;
  const failed = (why: string): number => {
    process.stderr.write(`Failed ${method} request to '${uri}': ${why}\n`);
    return 1;
  };
  try {
    const { status, body } = await send(method, uri, data);
    if (status < 200 || status > 299) return failed(`Status ${String(status)} when ${method}ing ${uri}: ${body}`);
    process.stdout.write(body === '' ? '' : `${body}\n`);
    return 0;
  } catch (error) {
    return failed(String(error));
  }
}

async function send(method: string, path: string, data: string | undefined): Promise<{ readonly status: number; readonly body: string }> {
  const socketPath = process.env['BOTTLEROCKET_API_SOCKET'];
  if (socketPath === undefined) throw new Error('BOTTLEROCKET_API_SOCKET is not set');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath, method, path }, resolve).on('error', reject).end(data);
  });
  return { status: response.statusCode ?? 0, body: await text(response) };
}

process.exitCode = await main();
