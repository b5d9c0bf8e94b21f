import { SidekickError } from '../common/errors/index.js';

/** Thrown when the registry no longer knows a session. It has expired or was revoked, and its entries are removed. */
export class SessionGoneError extends SidekickError {
  readonly code = 'SIDEKICK_SESSION_GONE';

  constructor(registry: string, session: string, options?: { readonly cause?: unknown }) {
    super(
      `The registry ${registry} no longer knows session ${session}: it has expired or was revoked.`,
      options,
    );
  }
}
