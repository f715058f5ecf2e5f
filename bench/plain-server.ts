// The baseline of the apiserver: node:https alone, which leaves every poll pending and knows neither agents nor shadows.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

const HOLD_MS = 60_000;
const directory = process.env['TLS_DIR'] ?? '';
const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
const server = createServer({ cert: read('tls.crt'), key: read('tls.key') }, (request, response) => {
  const answer = (status: number, body = ''): void => {
    response.writeHead(status, { etag: '"1"', 'content-length': body.length }).end(body);
  };
  if (request.headers['if-none-match'] === undefined) answer(200, '{}');
  else setTimeout(answer, HOLD_MS, 304);
});
server.keepAliveTimeout = 75_000;
server.listen(Number(process.env['APISERVER_INTERNAL_PORT']), '127.0.0.1');
