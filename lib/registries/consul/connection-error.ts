import { tlsFailure } from '../../common/tls/tls-failure.js';

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Advice for a running agent that cuts connections. */
export const CONNECTION_LIMIT =
  'A running agent cuts connections beyond `limits.http_max_conns_per_client` from one address, 200 by default: raise the limit where many processes share an agent.';

/** Describes a failed connection: the reason that Node gives and, for TLS and cut connections, what to do. */
export function connectionError(error: Error): Error {
  const code = codeOf(error) ?? codeOf(error.cause);
  // An address that was tried over both IPv6 and IPv4 fails with a code and an empty message.
  const reason = error.message === '' ? (code ?? error.name) : error.message;
  const message = code === 'ECONNRESET' ? `${reason}. ${CONNECTION_LIMIT}` : reason;
  return tlsFailure(reason, code, error) ?? new Error(message, { cause: error });
}
