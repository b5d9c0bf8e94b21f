import { TlsError } from '../errors/index.js';
import { tlsFailure } from './tls-failure.js';

const openssl = (text: string, alert: number): string =>
  `80BCEB7E4D7F0000:error:0A00045C:SSL routines:ssl3_read_bytes:${text}:../deps/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number ${alert}\n`;

describe('tlsFailure', () => {
  it.each([
    ['unable to verify the first certificate', undefined, 'UNTRUSTED'],
    ['whatever', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNTRUSTED'],
    ['whatever', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNTRUSTED'],
    ['self-signed certificate in certificate chain', undefined, 'UNTRUSTED'],
    ['self signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNTRUSTED'],
    ['certificate signature failure', 'CERT_SIGNATURE_FAILURE', 'UNTRUSTED'],
    ['certificate has expired', 'CERT_HAS_EXPIRED', 'EXPIRED'],
    ['certificate is not yet valid', undefined, 'EXPIRED'],
    ["Hostname/IP does not match certificate's altnames: IP: 127.0.0.1", undefined, 'NAME'],
    [openssl('tlsv13 alert certificate required', 116), undefined, 'CLIENT_CERTIFICATE'],
    [openssl('sslv3 alert certificate expired', 45), undefined, 'CLIENT_CERTIFICATE'],
    [openssl('tlsv1 alert unknown ca', 48), undefined, 'CLIENT_CERTIFICATE'],
    [openssl('sslv3 alert bad certificate', 42), undefined, 'CLIENT_CERTIFICATE'],
    [openssl('tlsv1 alert access denied', 49), undefined, 'CLIENT_CERTIFICATE'],
    [openssl('sslv3 alert handshake failure', 40), undefined, 'PROTOCOL'],
    [openssl('tlsv1 alert protocol version', 70), undefined, 'PROTOCOL'],
    [
      'write EPROTO 80:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps:350:\n',
      'EPROTO',
      'NOT_SPOKEN',
    ],
    [
      'Client network socket disconnected before secure TLS connection was established',
      'ECONNRESET',
      'NOT_SPOKEN',
    ],
    ['Client sent an HTTP request to an HTTPS server.', undefined, 'EXPECTED'],
    ['Failed to connect', undefined, 'EXPECTED'],
  ])('classifies %j', (message, errorCode, name) => {
    const cause = new Error(message);
    const error = tlsFailure(message, errorCode, cause);
    expect(error).toBeInstanceOf(TlsError);
    expect(error).toMatchObject({ code: `SIDEKICK_TLS_${name}`, cause });
    // The message contains OpenSSL's reason, without its source positions.
    expect(error?.message).not.toMatch(/openssl|error:0A|\n/);
  });

  it.each(['connect ECONNREFUSED 127.0.0.1:1', 'Failed to connect to the bus', 'SSL alert number 4', ''])(
    'returns undefined for %j',
    (message) => {
      expect(tlsFailure(message, 'ECONNREFUSED', undefined)).toBeUndefined();
    },
  );
});
