import { type EtcdTlsOptions } from './options.js';
import { TlsIdentity } from '../common/tls/tls-identity.js';

/** What connections need to be secure. */
export interface EtcdTls {
  readonly identity: TlsIdentity;
  readonly serverName: string | undefined;
}

/**
 * Reads what is given by path.
 *
 * @throws InvalidOptionError when a file cannot be read or holds no PEM block, or what is given does not fit together
 */
export async function loadTls(tls: EtcdTlsOptions | undefined): Promise<EtcdTls | undefined> {
  if (!tls) return undefined;
  const { ca, cert, key, serverName } = tls;
  return { identity: await TlsIdentity.load({ ca, cert, key }), serverName };
}
