import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { joinHostPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { type Instance } from '../../registry/instance.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type MalformedEntry } from '../../registry/registry.js';
import { namesOf } from './names.js';
import { type DnsSettings } from './options.js';
import { type DnsResolver, recordsOrNone } from './resolver.js';

/** The result of looking up a service. */
export interface DnsAnswer {
  readonly instances: readonly Instance[];
  /** Records without a valid address or port, such as an SRV record with port 0. */
  readonly malformed: readonly MalformedEntry[];
  /** Shortest TTL of the addresses in seconds; undefined without addresses. */
  readonly ttl: number | undefined;
}

/**
 * Looks a service up. The instances are the targets of its SRV records with the lowest priority. Without SRV records,
 * they are the addresses of the name itself with the port of the settings.
 *
 * @throws RegistryRefusedError when the service's name is not a valid DNS name
 * @throws errors of the resolver, except that there are no records
 */
export async function lookup(
  resolver: DnsResolver,
  settings: DnsSettings,
  service: string,
): Promise<DnsAnswer> {
  const { srv, host } = namesOf(service, settings);
  for (const name of srv) {
    const records = await recordsOrNone(resolver.resolveSrv(name));
    if (records.length > 0) return await resolveTargets(resolver, service, lowestPriority(records));
  }
  const { port } = settings;
  if (port === undefined) return { instances: [], malformed: [], ttl: undefined };
  const addresses = await resolveAddresses(resolver, host, true);
  return toAnswer(addresses.map(({ address, ttl }) => ({ service, address, port, ttl })));
}

/** Addresses with which DNS filters block a name. A connection to them would reach this machine. */
const BLOCKED_ADDRESSES = new Set(['0.0.0.0', '::']);

interface ResolvedAddress {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly ttl: number;
  readonly weight?: number;
  readonly meta?: Readonly<Record<string, string>>;
}

function lowestPriority(records: readonly SrvRecord[]): readonly SrvRecord[] {
  const lowest = Math.min(...records.map(({ priority }) => priority));
  // A target of "." means that the domain does not offer the service.
  return records.filter(({ priority, name }) => priority === lowest && name !== '' && name !== '.');
}

async function resolveTargets(
  resolver: DnsResolver,
  service: string,
  records: readonly SrvRecord[],
): Promise<DnsAnswer> {
  const targets = [...new Set(records.map(({ name }) => name))];
  const found = await Promise.all(targets.map((name) => resolveAddresses(resolver, name)));
  const addresses = new Map(targets.map((name, n) => [name, found[n] ?? []]));
  return toAnswer(
    records.flatMap(({ name, port, weight }) =>
      (addresses.get(name) ?? []).map(({ address, ttl }) => ({
        service,
        address,
        port,
        ttl,
        // In SRV records, weight 0 means "no preference", not "no traffic".
        weight: Math.max(1, weight),
        meta: { target: name.replace(/\.$/, '') },
      })),
    ),
  );
}

async function resolveAddresses(
  resolver: DnsResolver,
  name: string,
  complete = false,
): Promise<readonly RecordWithTtl[]> {
  const [four, six] = await Promise.all([
    recordsOrNone(resolver.resolve4(name, { ttl: true, complete })),
    recordsOrNone(resolver.resolve6(name, { ttl: true, complete })),
  ]);
  return [...four, ...six];
}

function toAnswer(found: readonly ResolvedAddress[]): DnsAnswer {
  const instances = new Map<string, Instance>();
  const malformed = new Map<string, MalformedEntry>();
  for (const { ttl: _ttl, ...fields } of found) {
    const id = `${fields.address}:${fields.port}`;
    if (BLOCKED_ADDRESSES.has(fields.address)) {
      const reason = `Expected the address of an instance, got ${fields.address}, with which a DNS filter blocks a name.`;
      malformed.set(id, { entryKey: { kind: 'instance', service: fields.service, id }, reason });
      continue;
    }
    try {
      const instance = readInstance('record', { ...fields, id: joinHostPort(fields.address, fields.port) });
      if (!instances.has(instance.id)) instances.set(instance.id, instance);
    } catch (error) {
      if (!(error instanceof InvalidOptionError)) throw error;
      malformed.set(id, {
        entryKey: { kind: 'instance', service: fields.service, id },
        reason: error.message,
      });
    }
  }
  const ttls = found.map(({ ttl }) => ttl).filter((ttl) => ttl >= 0);
  const sorted = [...instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    instances: sorted,
    malformed: [...malformed.values()],
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}
