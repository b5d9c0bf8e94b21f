import { type ConsulDescription, type RegistryDescription } from './config.js';
import { joinHostPort } from '../common/address.js';

/** The URL of the registry of a ContainerPilot configuration. It contains the token: redact it before printing. */
export function registryUrlOf(registry: RegistryDescription): string {
  if (registry.kind === 'consul') return consulUrl(registry);
  const secure = registry.endpoints.some((endpoint) => endpoint.startsWith('https:'));
  const servers = registry.endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, ''));
  return `${secure ? 'etcds' : 'etcd'}://${servers.join(',')}${registry.prefix}`;
}

function consulUrl({ host, port, secure, token, tls }: ConsulDescription): string {
  const parameters = new URLSearchParams();
  if (token !== undefined) parameters.set('token', token);
  if (secure) {
    const { caFile, caPath, certFile, keyFile, serverName, verify } = tls;
    const ca = caFile ?? caPath;
    if (ca !== undefined) parameters.set('ca', ca);
    if (certFile !== undefined) parameters.set('cert', certFile);
    if (keyFile !== undefined) parameters.set('key', keyFile);
    if (serverName !== undefined) parameters.set('serverName', serverName);
    if (!verify) parameters.set('verify', 'false');
  }
  const query = parameters.size > 0 ? `?${parameters.toString()}` : '';
  return `${secure ? 'consuls' : 'consul'}://${joinHostPort(host, port)}${query}`;
}
