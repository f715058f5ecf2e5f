// The minimum of any watch of the nodes: reads their events over TLS, and discards them.
import { createServer } from 'node:http';
import { get } from 'node:https';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const options: RequestOptions = {};
await config.applyToHTTPSOptions(options);
get(`${config.getCurrentCluster()?.server ?? ''}/api/v1/nodes?watch=true`, options, (response) => response.resume());
createServer((_request, response) => response.end('ok')).listen(Number(process.env['METRICS_PORT']), '127.0.0.1');
