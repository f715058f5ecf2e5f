import { fitToSchema, type FitOptions } from './fit.ts';
import { STATUS_SCHEMA } from './shadow-schemas.ts';
import type { ShadowStatus } from './shadow.ts';

const CUT: FitOptions = { shortens: () => true, cutsLists: true, keeps: () => true };

/**
 * A stored status within the limits of {@link STATUS_SCHEMA}, for memory: an earlier version, which had no limits, may have stored more. A
 * version that is too long becomes a text that is not a version. A status within the limits is returned as it is.
 */
export function boundStatus(status: ShadowStatus): ShadowStatus {
  return fitToSchema(status, STATUS_SCHEMA, CUT) as ShadowStatus;
}
