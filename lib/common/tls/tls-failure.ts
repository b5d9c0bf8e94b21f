import { TlsError, type TlsErrorCode } from '../errors/index.js';

interface Sign {
  readonly code: TlsErrorCode;
  /** What Node, OpenSSL or a server says. */
  readonly said: RegExp;
  /** What is wrong and what to do. */
  readonly advice: string;
}

const alert = (number: string): RegExp => new RegExp(`SSL alert number (${number})\\b`);

const SIGNS: readonly Sign[] = [
  {
    code: 'SIDEKICK_TLS_NAME',
    said: /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames/,
    advice:
      "the server's certificate is for another name: reach it by a name it bears, or set `tls.serverName` to one",
  },
  {
    code: 'SIDEKICK_TLS_EXPIRED',
    said: /CERT_HAS_EXPIRED|certificate has expired/,
    advice: "the server's certificate has expired: renew it there",
  },
  {
    code: 'SIDEKICK_TLS_EXPIRED',
    said: /CERT_NOT_YET_VALID|certificate is not yet valid/,
    advice: "the server's certificate is not valid yet: compare the clocks of both machines",
  },
  {
    code: 'SIDEKICK_TLS_UNTRUSTED',
    said: /UNABLE_TO_(?:VERIFY|GET)|SELF_SIGNED|CERT_(?:SIGNATURE_FAILURE|UNTRUSTED)|unable to (?:verify the first|get (?:local )?issuer) certificate|self[- ]signed certificate|certificate signature failure/,
    advice:
      "the server's certificate was issued by an authority that is not trusted: give the right one as `tls.ca`",
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    said: alert('45'),
    advice: 'the client certificate has expired: renew what `tls.cert` and `tls.key` give',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    said: alert('48'),
    advice:
      'the server does not trust the authority of the client certificate: give one it trusts as `tls.cert` and `tls.key`',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    said: alert('116'),
    advice: 'the server demands a client certificate: give one as `tls.cert` and `tls.key`',
  },
  {
    code: 'SIDEKICK_TLS_CLIENT_CERTIFICATE',
    said: alert('4[2-46]|49'),
    advice:
      'the server wants a client certificate, and one it accepts: give as `tls.cert` and `tls.key` what is valid and from an authority that the server trusts',
  },
  {
    code: 'SIDEKICK_TLS_PROTOCOL',
    said: alert('40|70|71|86'),
    advice:
      'client and server have no version or cipher of TLS in common: look at the TLS settings of the server',
  },
  {
    code: 'SIDEKICK_TLS_NOT_SPOKEN',
    said: /wrong version number|packet length too long|before secure TLS connection was established/,
    advice:
      'the server hung up or answered in something else than TLS: if it serves plain HTTP, name it http:// (`etcd://`, `consul://`)',
  },
  {
    code: 'SIDEKICK_TLS_EXPECTED',
    said: /HTTP request to an HTTPS server|^Failed to connect$/,
    advice:
      'the server hung up or refused plain HTTP: if it speaks TLS, name it https:// (`etcds://`, `consuls://`)',
  },
];

/** OpenSSL's own words without its places in files: `tlsv13 alert certificate required`. */
function plain(said: string): string {
  return (/error:[0-9A-F]{8}:[^:]*:[^:]*:([^:]+)/i.exec(said)?.[1] ?? said).trim();
}

/**
 * What failed where two could not agree on a secure connection; undefined where it was something else.
 *
 * @param said the message of the error, or what the server answered
 * @param errorCode Node's, where there is one
 */
export function tlsFailure(
  said: string,
  errorCode: string | undefined,
  cause: unknown,
): TlsError | undefined {
  const texts = [said.trim(), errorCode ?? ''];
  const sign = SIGNS.find(({ said: words }) => texts.some((text) => words.test(text)));
  return sign && new TlsError(sign.code, `${sign.advice} (${plain(said)})`, cause);
}
