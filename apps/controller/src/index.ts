export { createController } from './controller.ts';
export type { CertificateSettings } from './manage-certificates.ts';
export type { Controller, ControllerDeps } from './controller.ts';
export { CONTROLLER_CONFIG, parseControllerConfig } from './config.ts';
export type { ControllerSettings, ParsedControllerConfig } from './config.ts';
export { CONTROLLER_METRICS, LEADER_METRICS } from './metric-definitions.ts';
export { PLAN_SCHEMA } from './plan-schema.ts';
export type { NodeView, PlanView } from './plan-view.ts';
