import { parseWith, type ParseResult } from '@brupop/crd-models';
import type { CreateShadowRequest, ErrorBody, NodeHealth, StepProgress } from './bodies.ts';
import { validateCreateShadowRequest, validateErrorBody, validateNodeHealth, validateStepProgress } from './generated/validators.ts';

/** Parses the body of a request to create a shadow. */
export function parseCreateShadowRequest(value: unknown): ParseResult<CreateShadowRequest> {
  return parseWith(validateCreateShadowRequest, value, 'body');
}

/** Parses the response to a node step. */
export function parseStepProgress(value: unknown): ParseResult<StepProgress> {
  return parseWith(validateStepProgress, value, 'body');
}

/** Parses the response about the health of a node. */
export function parseNodeHealth(value: unknown): ParseResult<NodeHealth> {
  return parseWith(validateNodeHealth, value, 'body');
}

/** Parses the body of an error response. A proxy in between, or an older apiserver, may send a different body. */
export function parseErrorBody(value: unknown): ParseResult<ErrorBody> {
  return parseWith(validateErrorBody, value, 'body');
}
