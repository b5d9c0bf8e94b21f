import { type ConsulDescription, type EtcdDescription, type RegistryDescription } from './config.js';
import { joinHostPort } from '../common/address.js';
import { trimTrailingSlashes } from '../common/strings.js';

/** The URL of the registry of a ContainerPilot configuration. It contains the token: redact it before printing. */
export function registryUrlOf(registry: RegistryDescription): string {
  return registry.kind === 'consul' ? consulUrl(registry) : etcdUrl(registry);
}

function etcdUrl({ endpoints, prefix }: EtcdDescription): string {
  const secure = endpoints.some((endpoint) => endpoint.startsWith('https:'));
  const servers = endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, ''));
  const path = trimTrailingSlashes(prefix).split('/').map(encodeURIComponent).join('/');
  // The path `/` stands for no prefix at all in the URL.
  return `${secure ? 'etcds' : 'etcd'}://${servers.join(',')}${path === '' ? '?prefix=/' : path}`;
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
