export { createApiserver } from './apiserver.ts';
export type { Apiserver } from './apiserver.ts';
export { CONFIG, listenAddress } from './config.ts';
export { ERROR_STATUS } from './errors.ts';
export { APISERVER_METRICS } from './metrics.ts';
