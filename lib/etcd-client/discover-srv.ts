import { resolveSrv as resolve } from 'node:dns/promises';
import { isHost, joinHostPort } from '../common/address.js';
import { expected } from '../common/expected.js';
import { EtcdDiscoveryError } from './errors/etcd-discovery.error.js';

/** As `node:dns/promises` has it; tests bring their own. */
export type ResolveSrv = (
  name: string,
) => Promise<readonly { readonly name: string; readonly port: number }[]>;

const RECORDS = [
  { label: '_etcd-client-ssl._tcp', scheme: 'https' },
  { label: '_etcd-client._tcp', scheme: 'http' },
] as const;

/**
 * The endpoints that a domain's SRV records name: `_etcd-client-ssl._tcp` as https, `_etcd-client._tcp` as http, in
 * this order. One of the two is enough.
 *
 * @throws InvalidOptionError when `domain` is not a hostname
 * @throws EtcdDiscoveryError when neither record gives an endpoint
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
        return records.map(({ name, port }) => `${scheme}://${joinHostPort(name.replace(/\.+$/, ''), port)}`);
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
