export { createAuthenticator } from './authenticator.ts';
export type { Authenticator, AuthenticatorOptions } from './authenticator.ts';
export { authorize, claimsOf } from './authorize.ts';
export type { AuthorizeInput, ExpectedCaller, Grant, TokenClaims } from './authorize.ts';
export { DENIAL_CODES, parseCredentials } from './credentials.ts';
export type { Credentials, Denial, DenialCode, WellFormed } from './credentials.ts';
