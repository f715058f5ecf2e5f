export { DRAIN_BLOCKS, PROGRESS_STEPS, SHADOW_STATES, UPDATE_CHECK_PROBLEMS } from './shadow.ts';
export { hasVoidOwnership, isOwned, OWNERSHIP_ANNOTATIONS, ownershipState } from './ownership.ts';
export type { OwnershipAnnotation, NodeOwnershipFields } from './ownership.ts';
export type {
  BottlerocketShadow,
  DrainBlock,
  FailedVersion,
  ProgressStep,
  ShadowProgress,
  ShadowSpec,
  ShadowState,
  ShadowStatus,
  ShadowUpdateCheck,
  UpdateCheckProblem,
} from './shadow.ts';
export * from './names.ts';
export { shadowPath, shadowsPath, shadowStatusPath } from './paths.ts';
export { SHADOW_V1_STATES } from './shadow-v1.ts';
export { fields, listOf, TIMESTAMP_PATTERN } from './schema.ts';
export type { JsonSchema } from './schema.ts';
export { boundStatus } from './bound-shadow.ts';
export { fitToSchema } from './fit.ts';
export { LIMITS } from './limits.ts';
export { AGENT_STATUS_FIELDS, STATUS_SCHEMA } from './shadow-schemas.ts';
export { APISERVER_CERTIFICATE, bottlerocketShadowCrd } from './crd.ts';
export type { CustomResourceDefinition } from './crd.ts';
export { convertReview } from './conversion-review.ts';
export type { ConversionReviewAnswer } from './conversion-review.ts';
export { parseWith } from './parse.ts';
export type { ParseResult, Validate } from './parse.ts';
export { parseConversionReview, parseShadow, parseShadowStatus, parseStoredStatus } from './validate.ts';
export { soundNode, soundPod } from './sound-node.ts';
export { soundShadow } from './sound-shadow.ts';
export type { ObservedShadow, ShadowFault } from './sound-shadow.ts';
export { EXCLUDE_FROM_LB_LABEL } from '@brupop/kube-objects';
