import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { type Clock } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { DeadlineExceededError } from '../../common/errors/index.js';
import { type Logger } from '../../common/logger.js';
import { queryOverTcp } from './query-over-tcp.js';
import { type DnsMessage, type RecordType } from './message.js';

/** How addresses are resolved. */
export interface AddressOptions {
  readonly ttl: true;
  /**
   * Whether the addresses are the instances of a service, so that none may be missing.
   *
   * @default false
   */
  readonly complete?: boolean;
}

/** The resolver that the driver needs. */
export interface DnsResolver {
  /** Resolves all records, even if they do not fit into a datagram. */
  resolveSrv(name: string): Promise<SrvRecord[]>;
  resolve4(name: string, options: AddressOptions): Promise<RecordWithTtl[]>;
  resolve6(name: string, options: AddressOptions): Promise<RecordWithTtl[]>;
  /** Aborts every query in flight. */
  cancel(): void;
}

/** Deadline of one query over UDP. A name server gets {@link UDP_TRIES} of them. */
const UDP_TIMEOUT_MS = 1_000;
const UDP_TRIES = 3;

/** Deadline of one query over TCP. */
const TCP_TIMEOUT_MS = 750;
/** How long a name server is not asked over TCP after it accepted no connection. */
const TCP_RETRY_MS = 60_000;

/** How often the machine's name servers are read again. Another network or a VPN changes them. */
export const SERVERS_INTERVAL_MS = 10_000;

/** The server accepted no connection, so that a retry would fail as well. */
class NoConnectionError extends Error {}

const hasNoConnection = (failure: Error): boolean => failure instanceof NoConnectionError;

/** Whether a server that accepts no connection does not refuse it either. Waiting for it again would take too long. */
const isSilent = (failure: Error): boolean =>
  hasNoConnection(failure) && failure.cause instanceof DeadlineExceededError;

const NO_ERROR = 0;
const NAME_ERROR = 3;

/** Codes of Node's errors for a name that does not exist or has no such records. Other codes are failures. */
const NO_RECORDS_CODES = new Set(['ENOTFOUND', 'ENODATA']);

const isNoRecords = (error: unknown): boolean =>
  NO_RECORDS_CODES.has(String((error as { code?: unknown } | null)?.code));

/**
 * Resolves the records of services over TCP, since a name server may omit records over UDP without reporting it: Consul
 * returns 3 random instances by default. Falls back to Node's resolver over UDP where TCP fails.
 */
export class CompleteResolver implements DnsResolver {
  private udp: Resolver;
  /** The resolver of the name servers before the last change, whose queries may still be under way. */
  private former: Resolver | undefined;
  /** When the machine's name servers were read; undefined when they were given. */
  private readAtMs: number | undefined;
  private readonly lifetime = new AbortController();
  /** When the name servers that accepted no connection are asked over TCP again. */
  private readonly tcpAfterMs = new Map<string, number>();
  private warnedOfTcp = false;
  /** Type and name of the responses that were truncated. */
  private readonly truncated = new Set<string>();

  /**
   * @param servers name servers; if empty, the machine's
   * @param query tests pass their own
   * @param open tests pass their own
   */
  constructor(
    servers: readonly string[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly query = queryOverTcp,
    private readonly open = () => new Resolver({ timeout: UDP_TIMEOUT_MS, tries: UDP_TRIES }),
  ) {
    this.udp = open();
    if (servers.length > 0) this.udp.setServers(servers);
    else this.readAtMs = clock.now();
  }

  async resolveSrv(name: string): Promise<SrvRecord[]> {
    return await this.complete(
      name,
      'SRV',
      ({ srv }) => [...srv],
      (udp) => udp.resolveSrv(name),
    );
  }

  async resolve4(name: string, options: AddressOptions): Promise<RecordWithTtl[]> {
    const overUdp = (udp: Resolver) => udp.resolve4(name, { ttl: true });
    if (options.complete !== true) return await overUdp(this.current());
    return await this.complete(name, 'A', ({ addresses }) => [...addresses], overUdp);
  }

  async resolve6(name: string, options: AddressOptions): Promise<RecordWithTtl[]> {
    const overUdp = (udp: Resolver) => udp.resolve6(name, { ttl: true });
    if (options.complete !== true) return await overUdp(this.current());
    return await this.complete(name, 'AAAA', ({ addresses }) => [...addresses], overUdp);
  }

  cancel(): void {
    this.lifetime.abort();
    this.former?.cancel();
    this.udp.cancel();
  }

  /** The resolver for a query. Node's reads the machine's name servers once, so that a change needs another one. */
  private current(): Resolver {
    const { clock, readAtMs } = this;
    if (readAtMs === undefined || clock.now() - readAtMs < SERVERS_INTERVAL_MS) return this.udp;
    this.readAtMs = clock.now();
    const next = this.open();
    const [before, now] = [this.udp, next].map((resolver) => resolver.getServers().join(', '));
    if (before === now) return this.udp;
    this.logger.log(
      `The name servers of this machine were ${before} and are ${now} now; the dns: registry uses these.`,
    );
    this.former?.cancel();
    this.former = this.udp;
    this.udp = next;
    return next;
  }

  private async complete<T>(
    name: string,
    type: RecordType,
    read: (message: DnsMessage) => T[],
    overUdp: (udp: Resolver) => Promise<T[]>,
  ): Promise<T[]> {
    const failures = new Map<string, Error>();
    const udp = this.current();
    for (const server of udp.getServers()) {
      if (this.clock.now() < (this.tcpAfterMs.get(server) ?? -Infinity)) continue;
      const message = await this.askServer(server, name, type).catch((error: unknown) => {
        failures.set(server, error as Error);
      });
      if (message?.rcode !== NO_ERROR && message?.rcode !== NAME_ERROR) continue;
      this.skipTcp(failures, isSilent);
      this.warnedOfTcp = false;
      this.checkTruncation(name, type, message);
      return read(message);
    }
    try {
      const records = await overUdp(udp);
      this.reportNoTcp(failures);
      return records;
    } catch (error) {
      if (isNoRecords(error)) this.reportNoTcp(failures);
      throw error;
    }
  }

  private async askServer(server: string, name: string, type: RecordType): Promise<DnsMessage> {
    const { clock } = this;
    const { signal } = this.lifetime;
    const what = `Name server ${server} over TCP`;
    const connection = { accepted: false };
    try {
      return await attempt(
        { clock, timeoutMs: TCP_TIMEOUT_MS, signal, what },
        async (inner) =>
          await this.query(server, name, type, inner, () => {
            connection.accepted = true;
          }),
      );
    } catch (error) {
      // Also after the deadline: a firewall drops the packets of a connection without an answer.
      if (connection.accepted) throw error;
      throw new NoConnectionError((error as Error).message, { cause: error });
    }
  }

  private checkTruncation(name: string, type: RecordType, { truncated }: DnsMessage): void {
    const subject = `${type} ${name}`;
    if (!truncated) this.truncated.delete(subject);
    if (!truncated || this.truncated.has(subject)) return;
    this.truncated.add(subject);
    this.logger.warn(
      `The response for ${name} is truncated even over TCP: some of its instances are missing. Use another registry than dns: for this service, or split it into several names.`,
    );
  }

  /** Called after a response of another server or over UDP, which shows that the network works. */
  private skipTcp(failures: ReadonlyMap<string, Error>, isSkipped: (failure: Error) => boolean): void {
    for (const [server, failure] of failures)
      if (isSkipped(failure)) this.tcpAfterMs.set(server, this.clock.now() + TCP_RETRY_MS);
  }

  /** Warns that the servers respond over UDP but not over TCP. */
  private reportNoTcp(failures: ReadonlyMap<string, Error>): void {
    const [first] = failures.values();
    if (!first || this.lifetime.signal.aborted) return;
    this.skipTcp(failures, [...failures.values()].every(hasNoConnection) ? hasNoConnection : isSilent);
    if (this.warnedOfTcp) return;
    this.warnedOfTcp = true;
    const servers = this.udp.getServers().join(', ');
    this.logger.warn(
      `The name server ${servers} responds over UDP but not over TCP (${first.message}). A response over UDP may contain only some of the instances; Consul returns 3 random ones. Allow TCP to the name server; retrying every minute.`,
    );
  }
}

/**
 * The records of `query`, or none where the name server reports that there are none.
 *
 * @throws the error of `query` for any other failure: the name server does not respond, refuses or fails
 */
export async function recordsOrNone<T>(query: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await query;
  } catch (error) {
    if (isNoRecords(error)) return [];
    throw error;
  }
}
