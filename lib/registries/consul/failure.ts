import { tlsFailure } from '../../common/tls/tls-failure.js';

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What to look at where an agent that runs turns connections away. */
export const CONNECTION_LIMIT =
  'A running agent cuts what goes beyond `limits.http_max_conns_per_client` connections from one address, 200 by default: raise it where many processes share an agent.';

/** A failed connection in words: the reason that Node gives and, for TLS or a connection that was cut, what to do. */
export function connectionError(error: Error): Error {
  const code = codeOf(error) ?? codeOf(error.cause);
  // An address tried over IPv6 and IPv4 fails with a code and no message.
  const reason = error.message === '' ? (code ?? error.name) : error.message;
  const told = code === 'ECONNRESET' ? `${reason}. ${CONNECTION_LIMIT}` : reason;
  return tlsFailure(reason, code, error) ?? new Error(told, { cause: error });
}
