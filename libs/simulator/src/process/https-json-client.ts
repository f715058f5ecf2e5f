import { request as httpsRequest } from 'node:https';
import { textResponse } from '@brupop/ports';
import type { HttpClient } from '@brupop/ports';

/**
 * An HTTPS client for webhooks: whole bodies, one connection per request.
 * @param serverName the name that the certificate must have, whatever the address
 */
export function httpsJsonClient(baseUrl: string, serverName: string, caPem: string): HttpClient {
  return {
    request: ({ method, path, headers, body }, signal) =>
      new Promise((resolve, reject) => {
        const tls = { servername: serverName, ca: caPem, agent: false };
        const request = httpsRequest(new URL(path, baseUrl), { method, headers: { ...headers }, signal, ...tls });
        request.on('error', reject);
        request.on('response', (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve(textResponse(response.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'), {}));
          });
        });
        request.end(body);
      }),
  };
}
