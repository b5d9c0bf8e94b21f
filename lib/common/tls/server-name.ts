import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';

/**
 * Options of a connection whose server is to prove that it is `name`, where that is not the host that is connected to.
 * An IP address is checked too, but never sent: TLS has no server names that are addresses.
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
