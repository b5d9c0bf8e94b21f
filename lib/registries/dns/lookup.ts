import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { joinHostPort } from '../../common/address.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { type Instance } from '../../registry/instance.js';
import { readInstance } from '../../registry/instance-shape.js';
import { type MalformedEntry } from '../../registry/registry.js';
import { namesOf } from './names.js';
import { type DnsSettings } from './options.js';
import { type DnsResolver, recordsOrNone } from './resolver.js';

/** What the DNS says about a service. */
export interface DnsAnswer {
  readonly instances: readonly Instance[];
  /** What is no address or no port, as with an SRV record of port 0. */
  readonly malformed: readonly MalformedEntry[];
  /** Seconds the shortest-lived of the addresses may be kept; undefined where there is none. */
  readonly ttl: number | undefined;
}

/**
 * Looks a service up: SRV records first, then the addresses of their targets; where there are no SRV records, the
 * addresses of the name itself with the port of the settings. Of SRV records those with the lowest priority count.
 *
 * @throws RegistryRefusedError when no such name can exist
 * @throws errors of the resolver, unless the name server itself says that there is nothing
 */
export async function lookup(
  resolver: DnsResolver,
  settings: DnsSettings,
  service: string,
): Promise<DnsAnswer> {
  const { srv, host } = namesOf(service, settings);
  for (const name of srv) {
    const records = await recordsOrNone(resolver.resolveSrv(name));
    if (records.length > 0) return await ofTargets(resolver, service, preferred(records));
  }
  const { port } = settings;
  if (port === undefined) return { instances: [], malformed: [], ttl: undefined };
  const addresses = await addressesOf(resolver, host, true);
  return answer(addresses.map(({ address, ttl }) => ({ service, address, port, ttl })));
}

/** What filters answer in place of the name server; a connection to it would reach this machine. */
const NOWHERE = new Set(['0.0.0.0', '::']);

interface Found {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly ttl: number;
  readonly weight?: number;
  readonly meta?: Readonly<Record<string, string>>;
}

function preferred(records: readonly SrvRecord[]): readonly SrvRecord[] {
  const lowest = Math.min(...records.map(({ priority }) => priority));
  // A target of "." says that the service is decidedly not available here.
  return records.filter(({ priority, name }) => priority === lowest && name !== '' && name !== '.');
}

async function ofTargets(
  resolver: DnsResolver,
  service: string,
  records: readonly SrvRecord[],
): Promise<DnsAnswer> {
  const targets = [...new Set(records.map(({ name }) => name))];
  const found = await Promise.all(targets.map((name) => addressesOf(resolver, name)));
  const addresses = new Map(targets.map((name, n) => [name, found[n] ?? []]));
  return answer(
    records.flatMap(({ name, port, weight }) =>
      (addresses.get(name) ?? []).map(({ address, ttl }) => ({
        service,
        address,
        port,
        ttl,
        // 0 stands for "no weight given" here, not for "no traffic".
        weight: Math.max(1, weight),
        meta: { target: name.replace(/\.$/, '') },
      })),
    ),
  );
}

async function addressesOf(
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

function answer(found: readonly Found[]): DnsAnswer {
  const instances = new Map<string, Instance>();
  const malformed = new Map<string, MalformedEntry>();
  for (const { ttl: _kept, ...fields } of found) {
    const id = `${fields.address}:${fields.port}`;
    if (NOWHERE.has(fields.address)) {
      const reason = `Expected the address of an instance, got ${fields.address}, with which a filter blocks a name.`;
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
  const ttls = found.map((one) => one.ttl).filter((ttl) => ttl >= 0);
  const sorted = [...instances.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    instances: sorted,
    malformed: [...malformed.values()],
    ttl: ttls.length === 0 ? undefined : Math.min(...ttls),
  };
}
