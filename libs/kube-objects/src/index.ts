export type * from './objects.ts';
export { isReady, readyCondition } from './conditions.ts';
export type { WithConditions } from './conditions.ts';
export { isOlderVersion } from './resource-version.ts';
export { formatMicroTime, formatTimestamp, timestampMs } from './timestamps.ts';
export { LONGEST_MESSAGE, shortenText } from './shorten-text.ts';
export { EXCLUDE_FROM_LB_LABEL, isCordoned, isExcludedFromLoadBalancers } from './nodes.ts';
