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

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A failed connection in words: the reason that Node gives and, for TLS, what to do. */
export function connectionError(error: Error): Error {
  const code = codeOf(error) ?? codeOf(error.cause);
  const hint = code !== undefined && Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
  // An address tried over IPv6 and IPv4 fails with a code and no message.
  const reason = error.message === '' ? (code ?? error.name) : error.message;
  return new Error(hint === undefined ? reason : `${hint} (${reason})`, { cause: error });
}
