export { HEADERS, LOWER_CASE_HEADERS, preferWait, RESPOND_ASYNC, ROUTES } from './routes.ts';
export { MOST_DAEMON_SETS } from './bodies.ts';
export type { CreateShadowRequest, ErrorBody, NodeHealth, StepProgress, UnhealthyDaemonSet, WaitingPod } from './bodies.ts';
export { parseCreateShadowRequest, parseErrorBody, parseNodeHealth, parseStepProgress } from './parse-bodies.ts';
export { parsePrefer } from './prefer.ts';
export type { Preferences } from './prefer.ts';
export { parseConversionReview } from '@brupop/crd-models';
export type { ParseResult } from '@brupop/crd-models';
