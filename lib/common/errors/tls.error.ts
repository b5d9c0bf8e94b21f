import { SidekickError } from './sidekick.error.js';

/** The reasons for which a TLS connection fails. */
export type TlsErrorCode =
  /** The client does not trust the authority that issued the server's certificate. */
  | 'SIDEKICK_TLS_UNTRUSTED'
  /** The server's certificate has expired or is not valid yet. */
  | 'SIDEKICK_TLS_EXPIRED'
  /** The server's certificate is for another name. */
  | 'SIDEKICK_TLS_NAME'
  /** The server requires a client certificate, or rejects the one that the client sent. */
  | 'SIDEKICK_TLS_CLIENT_CERTIFICATE'
  /** The client uses TLS, but the server does not. */
  | 'SIDEKICK_TLS_NOT_SPOKEN'
  /** The server uses TLS, but the client does not. */
  | 'SIDEKICK_TLS_EXPECTED'
  /** Client and server have no TLS version or cipher in common. */
  | 'SIDEKICK_TLS_PROTOCOL';

/**
 * The TLS connection to an endpoint failed. The message says why and what to do. It is the `error` of that endpoint in
 * {@link RegistryUnavailableError.failures}, and is in the chain of `cause` of the thrown error.
 */
export class TlsError extends SidekickError {
  constructor(
    readonly code: TlsErrorCode,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
