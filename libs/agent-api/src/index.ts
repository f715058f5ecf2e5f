export { HEADERS, preferWait, RESPOND_ASYNC, ROUTES } from './routes.ts';
export type { CreateShadowRequest, ErrorBody, NodeHealth, StepProgress, WaitingPod } from './bodies.ts';
