const HINTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed and not trusted: give `tls.ca`',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate was issued by an authority that is not trusted: give `tls.ca`',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the certificate was issued by an authority that is not trusted: give `tls.ca`',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'the certificate was issued by an authority that is not trusted: give `tls.ca`',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name: set `tls.serverName` if that is right',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  EPROTO: 'TLS could not be agreed on: is it HTTPS that is served there, and is a client certificate wanted?',
};

/** A failed connection in words: the reason that Node gives and, for TLS, what to do. */
export function connectionError(error: Error): Error {
  const code = (error as { code?: unknown }).code;
  const hint = typeof code === 'string' && Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
  // An address tried over IPv6 and IPv4 fails with an empty message and two errors inside.
  const inner = error instanceof AggregateError ? error.errors.map(String).join(', ') : error.message;
  const reason = inner !== '' ? inner : typeof code === 'string' ? code : error.name;
  return new Error(hint === undefined ? reason : `${hint} (${reason})`, { cause: error });
}
