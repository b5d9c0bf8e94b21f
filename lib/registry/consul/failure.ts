import { tlsFailure } from '../../tls/tls-failure.js';

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A failed connection in words: the reason that Node gives and, for TLS, what to do. */
export function connectionError(error: Error): Error {
  const code = codeOf(error) ?? codeOf(error.cause);
  // An address tried over IPv6 and IPv4 fails with a code and no message.
  const reason = error.message === '' ? (code ?? error.name) : error.message;
  return tlsFailure(reason, code, error) ?? new Error(reason, { cause: error });
}
