import { resolveSrv as resolve } from 'node:dns/promises';
import { isHost, joinHostPort } from '../common/address.js';
import { expected } from '../common/expected.js';
import { EtcdDiscoveryError } from './errors/etcd-discovery.error.js';

/** `resolveSrv` of `node:dns/promises`; tests pass their own. */
export type ResolveSrv = (
  name: string,
) => Promise<readonly { readonly name: string; readonly port: number }[]>;

const RECORDS = [
  { label: '_etcd-client-ssl._tcp', scheme: 'https' },
  { label: '_etcd-client._tcp', scheme: 'http' },
] as const;

/**
 * Resolves the SRV records of a domain to endpoints: `_etcd-client-ssl._tcp` to `https://`, then `_etcd-client._tcp` to
 * `http://`. One of the two records is enough.
 *
 * @throws InvalidOptionError when `domain` is not a hostname
 * @throws EtcdDiscoveryError when neither record names an endpoint
 */
export async function discoverSrv(
  domain: string,
  resolveSrv: ResolveSrv = resolve,
): Promise<readonly string[]> {
  if (!isHost(domain)) throw expected('domain', 'a hostname', domain);
  const failures: Error[] = [];
  const found = await Promise.all(
    RECORDS.map(async ({ label, scheme }) => {
      try {
        const records = await resolveSrv(`${label}.${domain}`);
        // A target of "." means that the domain does not offer the service.
        return records
          .map(({ name, port }) => ({ host: name.replace(/\.+$/, ''), port }))
          .filter(({ host }) => host !== '')
          .map(({ host, port }) => `${scheme}://${joinHostPort(host, port)}`);
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)));
        return [];
      }
    }),
  );
  const endpoints = [...new Set(found.flat())];
  if (endpoints.length === 0) throw new EtcdDiscoveryError(domain, failures);
  return endpoints;
}
