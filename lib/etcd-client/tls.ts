import { type EtcdTlsOptions } from './options.js';
import { TlsIdentity } from '../common/tls/tls-identity.js';

/** The TLS material of a client. */
export interface EtcdTls {
  readonly identity: TlsIdentity;
  readonly serverName: string | undefined;
}

/**
 * Reads the files that are given by path.
 *
 * @throws InvalidOptionError when a file cannot be read or contains no PEM block, or certificate and key do not match
 */
export async function loadTls(tls: EtcdTlsOptions | undefined): Promise<EtcdTls | undefined> {
  if (!tls) return undefined;
  const { ca, cert, key, serverName } = tls;
  return { identity: await TlsIdentity.load({ ca, cert, key }), serverName };
}
