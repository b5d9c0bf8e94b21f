import { type RegistryDescription } from '../containerpilot/config.js';
import { consul, type ConsulTlsOptions } from './consul/index.js';
import { etcd } from './etcd/index.js';
import { type RegistrySource } from './source.js';

/** The registry that a ContainerPilot configuration names. */
export function describedRegistry(description: RegistryDescription): RegistrySource {
  if (description.kind === 'etcd') {
    return etcd({ endpoints: description.endpoints, prefix: description.prefix });
  }
  const { host, port, secure, token, tls } = description;
  const ca = tls.caFile ?? tls.caPath;
  const options: ConsulTlsOptions = {
    verify: tls.verify,
    ...(ca === undefined ? {} : { ca }),
    ...(tls.certFile === undefined ? {} : { cert: tls.certFile }),
    ...(tls.keyFile === undefined ? {} : { key: tls.keyFile }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
  };
  return consul({
    host,
    port,
    secure,
    ...(token === undefined ? {} : { token }),
    ...(secure ? { tls: options } : {}),
  });
}
