export { createController } from './controller.ts';
export type { Controller } from './controller.ts';
export { CONTROLLER_CONFIG, parseControllerConfig } from './config.ts';
export { CONTROLLER_METRICS, LEADER_METRICS } from './metric-definitions.ts';
export { PLAN_SCHEMA } from './plan-schema.ts';
export type { PlanView } from './plan-view.ts';
