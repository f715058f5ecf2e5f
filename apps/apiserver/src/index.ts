export { createApiserver } from './apiserver.ts';
export type { Apiserver, ApiserverDeps } from './apiserver.ts';
export { CONFIG, listenAddress } from './config.ts';
export type { ApiserverConfig } from './config.ts';
export { ERROR_STATUS } from './errors.ts';
export type { ErrorCode } from './errors.ts';
export { APISERVER_METRICS } from './metrics.ts';
