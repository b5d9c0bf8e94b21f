import { SidekickError } from '../common/errors/index.js';

/** The registry no longer knows a session: it expired or was revoked, and every entry it held is gone. */
export class SessionGoneError extends SidekickError {
  readonly code = 'SIDEKICK_SESSION_GONE';

  constructor(registry: string, session: string, options?: { readonly cause?: unknown }) {
    super(
      `The registry ${registry} no longer knows session ${session}: it has expired or was revoked.`,
      options,
    );
  }
}
