import { type RegistryMember } from '../../registry/inspection.js';
import { type ConsulClient } from './client.js';
import { decodeName, encodeName, inPath } from './names.js';
import { type ConsulRequest } from './transport.js';

const inDc = ({ settings: { dc } }: ConsulClient): Readonly<Record<string, string>> =>
  dc === undefined ? {} : { dc };

/**
 * Reads the names of the services in the catalogue, sorted. Consul leaves out those that the token may not read.
 *
 * @throws RegistryRefusedError when it leaves out all of them
 */
export async function serviceNames(client: ConsulClient, signal: AbortSignal): Promise<readonly string[]> {
  const request: ConsulRequest = {
    method: 'GET',
    path: '/catalog/services',
    query: { ...inDc(client), consistent: '' },
  };
  const response = await client.call(request, { signal, pool: 'reads' });
  const names = client.read(response, () => Object.keys(response.object())).map(decodeName);
  if (names.length === 0 && response.filtered)
    throw client.refused(
      request,
      'its list is empty, because the token lacks `service:read` on all services',
    );
  return names.sort();
}

/** Reads the names of the keys that begin with `prefix`, sorted. Consul leaves out those that the token may not read. */
export async function keyNames(
  client: ConsulClient,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const request: ConsulRequest = {
    method: 'GET',
    // The prefix may end within an encoded character, so that only its slashes restrict the request.
    path: `/kv/${inPath(encodeName(prefix.slice(0, prefix.lastIndexOf('/') + 1)))}`,
    query: { ...inDc(client), keys: '', consistent: '' },
  };
  const response = await client.send(request, { signal, pool: 'reads' });
  if (response.absent) return [];
  if (!response.ok) throw client.errorOf(request, response);
  const keys = client.read(response, () => response.array());
  const names = keys.filter((key) => typeof key === 'string').map(decodeName);
  return names.filter((name) => name.startsWith(prefix)).sort();
}

/** Reads the agent and the servers behind it. */
export async function readMembers(
  client: ConsulClient,
  signal: AbortSignal,
): Promise<readonly RegistryMember[]> {
  const get = async (path: string): Promise<unknown> => {
    const response = await client.call({ method: 'GET', path }, { signal, pool: 'reads' });
    return client.read(response, () => response.json());
  };
  const [peers, leader] = await Promise.all([get('/status/peers'), get('/status/leader')]);
  const servers = (Array.isArray(peers) ? peers : []).filter((peer) => typeof peer === 'string');
  const { endpoint } = client;
  return [
    { name: endpoint, urls: [endpoint], inUse: true },
    ...servers.map((server) => ({ name: server, urls: [server], inUse: false, leader: server === leader })),
  ];
}
