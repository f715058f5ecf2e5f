export { DRAIN_BLOCKS, PROGRESS_STEPS, SHADOW_STATES, UPDATE_CHECK_PROBLEMS, UPDATE_CHECK_RESULTS } from './shadow.ts';
export { hasVoidOwnership, isOwned, OWNERSHIP_ANNOTATIONS, ownershipState } from './ownership.ts';
export type { OwnershipAnnotation, NodeOwnershipFields, OwnershipState } from './ownership.ts';
export type { Condition, ObjectMeta, OwnerReference } from '@brupop/kube-objects';
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
  UpdateCheckResult,
} from './shadow.ts';
export {
  AGENT_COMPONENT,
  AGENT_DAEMON_SET,
  AGENT_SERVICE_ACCOUNT,
  APISERVER_COMPONENT,
  APISERVER_DEPLOYMENT,
  APISERVER_SERVICE,
  APISERVER_SERVICE_ACCOUNT,
  COMPONENT_LABEL,
  CONTROLLER_COMPONENT,
  CONTROLLER_DEPLOYMENT,
  CONTROLLER_LEASE,
  CONTROLLER_SERVICE,
  CONTROLLER_SERVICE_ACCOUNT,
  CORDONED_ANNOTATION,
  CORDONED_TAINT,
  DEFAULT_NAMESPACE,
  CLIENT_CERTIFICATE,
  CRD_MISSING,
  CRD_NAME,
  EXCLUDE_FROM_LB_VALUE,
  EXCLUDED_FROM_LB_ANNOTATION,
  GROUP,
  KIND,
  nodeNameOf,
  OWNERSHIP_NAMES,
  PLURAL,
  ROOT_CA_SECRET,
  SHORT_NAME,
  shadowName,
  SINGULAR,
  STORAGE_VERSION,
  TOKEN_AUDIENCE,
  UPDATER_INTERFACE_LABEL,
  UPDATER_INTERFACE_VERSION,
  ATTEMPTS_ANNOTATION,
  WINDOW_ANNOTATION,
} from './names.ts';
export { shadowPath, shadowsPath, shadowStatusPath } from './paths.ts';
export { SHADOW_V1_STATES } from './shadow-v1.ts';
export type { BottlerocketShadowV1, ShadowV1Spec, ShadowV1State, ShadowV1Status } from './shadow-v1.ts';
export { SEMVER_PATTERN, TIMESTAMP_PATTERN } from './schema.ts';
export type { JsonSchema } from './schema.ts';
export { boundStatus } from './bound-shadow.ts';
export { fitToSchema } from './fit.ts';
export type { FitOptions } from './fit.ts';
export { LIMITS } from './limits.ts';
export type { LimitName } from './limits.ts';
export { AGENT_STATUS_FIELDS, SHADOW_V1_SCHEMA, SHADOW_V2_SCHEMA, STATUS_SCHEMA } from './shadow-schemas.ts';
export { APISERVER_CERTIFICATE, bottlerocketShadowCrd } from './crd.ts';
export type { CrdOptions, CrdVersion, CustomResourceDefinition, PrinterColumn } from './crd.ts';
export { convertShadow, V2_DATA_ANNOTATION } from './convert.ts';
export type { ConvertResult } from './convert.ts';
export { convertReview } from './conversion-review.ts';
export type { ConversionReview, ConversionReviewAnswer } from './conversion-review.ts';
export { parseWith } from './parse.ts';
export type { ParseResult, Validate, ValidationError } from './parse.ts';
export { parseConversionReview, parseShadow, parseShadowStatus, parseStoredStatus } from './validate.ts';
export { soundNode, soundPod } from './sound-node.ts';
export type { Sound } from './sound-node.ts';
export { soundShadow } from './sound-shadow.ts';
export type { ObservedShadow, ShadowFault } from './sound-shadow.ts';
export { EXCLUDE_FROM_LB_LABEL, LONGEST_MESSAGE, shortenText } from '@brupop/kube-objects';
