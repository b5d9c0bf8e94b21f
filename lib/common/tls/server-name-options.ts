import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

/**
 * TLS options that verify the server's certificate for `name` instead of the host of the connection. An IP address is
 * verified but not sent, because the server name extension (SNI) does not allow addresses.
 */
export function serverNameOptions(
  name: string | undefined,
): Pick<ConnectionOptions, 'servername' | 'checkServerIdentity'> {
  if (name === undefined) return {};
  if (isIP(name) === 0) return { servername: name };
  return {
    servername: '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}
