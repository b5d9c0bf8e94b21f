import { TlsError, type TlsErrorCode } from '../errors/index.js';

interface Pattern {
  readonly code: TlsErrorCode;
  /** Matches the error of Node or OpenSSL, or the response of a server. */
  readonly pattern: RegExp;
  /** The problem and the remedy. */
  readonly advice: string;
}

const alert = (number: string): RegExp => new RegExp(`SSL alert number (${number})\\b`);

const PATTERNS: readonly Pattern[] = [
  {
    code: 'SIDEKICK_TLS_NAME',
    pattern: /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/,
    advice:
      "the server's certificate is for another name: connect by a name in the certificate, or set `tls.serverName` to one",
  },
  {
    code: 'SIDEKICK_TLS_EXPIRED',
    pattern: /CERT_HAS_EXPIRED|certificate has expired/,
    advice: "the server's certificate has expired: renew it on the server",
  },
  {
    code: 'SIDEKICK_TLS_EXPIRED',
    pattern: /CERT_NOT_YET_VALID|certificate is not yet valid/,
    advice: "the server's certificate is not valid yet: compare the clocks of both machines",
  },
  {
    code: 'SIDEKICK_TLS_UNTRUSTED',
    pattern:
      /UNABLE_TO_(?:VERIFY|GET)|SELF_SIGNED|CERT_(?:SIGNATURE_FAILURE|UNTRUSTED)|unable to (?:verify the first|get (?:local )?issuer) certificate|self[- ]signed certificate|certificate signature failure/,
    advice:
      "the server's certificate was issued by an authority that is not trusted: set `tls.ca` to that authority",
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    pattern: alert('45'),
    advice: 'the client certificate has expired: renew the files of `tls.cert` and `tls.key`',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    pattern: alert('48'),
    advice:
      'the server does not trust the authority of the client certificate: set `tls.cert` and `tls.key` to a certificate of a trusted authority',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    pattern: alert('116'),
    advice: 'the server requires a client certificate: set `tls.cert` and `tls.key`',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    pattern: alert('4[2-46]|49'),
    advice:
      'the server requires a client certificate, or rejected the one it got: set `tls.cert` and `tls.key` to a valid certificate of an authority that the server trusts',
  },
  {
    code: 'SIDEKICK_TLS_PROTOCOL',
    pattern: alert('40|70|71|86'),
    advice: 'client and server have no TLS version or cipher in common: check the TLS settings of the server',
  },
  {
    code: 'SIDEKICK_TLS_NOT_SPOKEN',
    pattern: /wrong version number|packet length too long|before secure TLS connection was established/,
    advice:
      'the server closed the connection or did not respond with TLS: if it serves plain HTTP, use http:// (`etcd://`, `consul://`)',
  },
  {
    code: 'SIDEKICK_TLS_EXPECTED',
    pattern: /HTTP request to an HTTPS server|^Failed to connect$/,
    advice:
      'the server closed the connection or rejected plain HTTP: if it uses TLS, use https:// (`etcds://`, `consuls://`)',
  },
];

/** Reduces an OpenSSL error to its reason, such as `tlsv13 alert certificate required`. */
function reason(message: string): string {
  return (/error:[0-9A-F]{8}:[^:]*:[^:]*:([^:]+)/i.exec(message)?.[1] ?? message).trim();
}

/**
 * Classifies a connection error. Returns undefined if it was not caused by TLS.
 *
 * @param message The message of the error, or the response of the server.
 * @param errorCode The `code` of Node's error, if it has one.
 */
export function tlsFailure(
  message: string,
  errorCode: string | undefined,
  cause: unknown,
): TlsError | undefined {
  const texts = [message.trim(), errorCode ?? ''];
  const match = PATTERNS.find(({ pattern }) => texts.some((text) => pattern.test(text)));
  return match && new TlsError(match.code, `${match.advice} (${reason(message)})`, cause);
}
