import { SidekickError } from './sidekick.error.js';

/** What a connection by TLS fails with. */
export type TlsErrorCode =
  /** Nobody the client trusts has signed the server's certificate. */
  | 'SIDEKICK_TLS_UNTRUSTED'
  /** The server's certificate is out of date, or not valid yet. */
  | 'SIDEKICK_TLS_EXPIRED'
  /** The server's certificate is for another name. */
  | 'SIDEKICK_TLS_NAME'
  /** The server wants a client certificate, or another one than it was shown. */
  | 'SIDEKICK_TLS_CLIENT_CERTIFICATE'
  /** The client speaks TLS, and the server does not. */
  | 'SIDEKICK_TLS_NOT_SPOKEN'
  /** The server speaks TLS, and the client does not. */
  | 'SIDEKICK_TLS_EXPECTED'
  /** Client and server have no version or cipher of TLS in common. */
  | 'SIDEKICK_TLS_PROTOCOL';

/**
 * No secure connection to an endpoint: why, and what to do. It is the `error` of that endpoint in
 * {@link RegistryUnavailableError.failures}, and somewhere below it stands as the `cause` of what is thrown.
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
