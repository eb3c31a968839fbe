/** Who may log in by somebody else's word: tokens of OAuth 2, and an HTTP server that is asked. */
export { loginChain } from './login-chain.ts';
export { httpLogin, type HttpLoginOptions, type Ask } from './http-login.ts';
export type { ScopeRules } from './scopes.ts';
export type { ClaimRules } from './token-claims.ts';
export {
  TokenKeys, type FetchJson, type StaticKey, type TokenKeysOptions,
} from './token-keys.ts';
export { tokenLogin } from './token-login.ts';
