import { parseWith } from '@brupop/crd-models';
import type { ParseResult } from '@brupop/crd-models';
import type { CreateShadowRequest, ErrorBody, NodeHealth, StepProgress } from './bodies.ts';
import { validateCreateShadowRequest, validateErrorBody, validateNodeHealth, validateStepProgress } from './generated/validators.ts';

/** Body of a request to create a shadow, from JSON. */
export function parseCreateShadowRequest(value: unknown): ParseResult<CreateShadowRequest> {
  return parseWith(validateCreateShadowRequest, value, 'body');
}

/** Answer to a node step, from JSON. */
export function parseStepProgress(value: unknown): ParseResult<StepProgress> {
  return parseWith(validateStepProgress, value, 'body');
}

/** Answer about a node's health, from JSON. */
export function parseNodeHealth(value: unknown): ParseResult<NodeHealth> {
  return parseWith(validateNodeHealth, value, 'body');
}

/** Body of a refusal or failure, from JSON. Whatever stands in between (a proxy, an older apiserver) may answer with something else. */
export function parseErrorBody(value: unknown): ParseResult<ErrorBody> {
  return parseWith(validateErrorBody, value, 'body');
}
