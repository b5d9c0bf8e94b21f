import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** What the driver asks of a resolver; Node's own is one. */
export interface DnsResolver {
  resolveSrv(name: string): Promise<SrvRecord[]>;
  resolve4(name: string, options: { ttl: true }): Promise<RecordWithTtl[]>;
  resolve6(name: string, options: { ttl: true }): Promise<RecordWithTtl[]>;
  /** Fails every query under way. */
  cancel(): void;
}

/** Milliseconds a name server has for one answer; tried {@link TRIES} times. */
const TIMEOUT = 1_000;
const TRIES = 3;

/** Node's resolver on the given name servers, or those of the machine. */
export function systemResolver(servers: readonly string[]): DnsResolver {
  const resolver = new Resolver({ timeout: TIMEOUT, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  return resolver;
}

/** Answers that say there is none: the name does not exist, or has no such records. Everything else is a failure. */
const NONE = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The records, none where the name server says so.
 *
 * @throws whatever else the query fails with: a name server that is silent, refuses or has failed itself
 */
export async function recordsOrNone<T>(query: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await query;
  } catch (error) {
    if (NONE.has(String((error as { code?: unknown } | null)?.code))) return [];
    throw error;
  }
}
