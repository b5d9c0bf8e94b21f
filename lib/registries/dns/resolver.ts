import { type RecordWithTtl, type SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { type Clock } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { type Logger } from '../../common/logger.js';
import { askOverTcp, NoConnectionError } from './ask-over-tcp.js';
import { type DnsMessage, type RecordType } from './message.js';

/** How addresses are asked for. */
export interface AddressOptions {
  readonly ttl: true;
  /** The addresses are the instances of a service: none may be missing. */
  readonly complete?: boolean;
}

/** What the driver asks of a resolver. */
export interface DnsResolver {
  /** All records, also where they do not fit into a datagram. */
  resolveSrv(name: string): Promise<SrvRecord[]>;
  resolve4(name: string, options: AddressOptions): Promise<RecordWithTtl[]>;
  resolve6(name: string, options: AddressOptions): Promise<RecordWithTtl[]>;
  /** Fails every query under way. */
  cancel(): void;
}

/** Milliseconds a name server has for one answer; tried {@link TRIES} times. */
const TIMEOUT_MS = 1_000;
const TRIES = 3;

/** Milliseconds a name server has for one answer over TCP. */
const TCP_TIMEOUT_MS = 750;
/** Milliseconds after which TCP is tried again where no server takes a connection. */
const TCP_RETRY_MS = 60_000;

const SUCCESS = 0;
const NO_SUCH_NAME = 3;

/** Answers that say there is none: the name does not exist, or has no such records. Everything else is a failure. */
const NONE = new Set(['ENOTFOUND', 'ENODATA']);

const isNone = (error: unknown): boolean => NONE.has(String((error as { code?: unknown } | null)?.code));

/**
 * Asks for the records of services over TCP, since a name server may leave out part of an answer over UDP without
 * saying so: Consul gives 3 random instances by default. Where TCP leads nowhere, Node's own resolver decides.
 */
export class CompleteResolver implements DnsResolver {
  private readonly udp = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  private readonly lifetime = new AbortController();
  private tcpFrom = -Infinity;
  private warned = false;

  /** @param servers name servers; those of the machine where there are none */
  constructor(
    servers: readonly string[],
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    if (servers.length > 0) this.udp.setServers(servers);
  }

  async resolveSrv(name: string): Promise<SrvRecord[]> {
    return await this.complete(
      name,
      'SRV',
      ({ srv }) => [...srv],
      () => this.udp.resolveSrv(name),
    );
  }

  async resolve4(name: string, options: AddressOptions): Promise<RecordWithTtl[]> {
    const overUdp = () => this.udp.resolve4(name, { ttl: true });
    if (options.complete !== true) return await overUdp();
    return await this.complete(name, 'A', ({ addresses }) => [...addresses], overUdp);
  }

  async resolve6(name: string, options: AddressOptions): Promise<RecordWithTtl[]> {
    const overUdp = () => this.udp.resolve6(name, { ttl: true });
    if (options.complete !== true) return await overUdp();
    return await this.complete(name, 'AAAA', ({ addresses }) => [...addresses], overUdp);
  }

  cancel(): void {
    this.lifetime.abort();
    this.udp.cancel();
  }

  private async complete<T>(
    name: string,
    type: RecordType,
    read: (message: DnsMessage) => T[],
    overUdp: () => Promise<T[]>,
  ): Promise<T[]> {
    const failures: Error[] = [];
    if (this.clock.now() >= this.tcpFrom) {
      for (const server of this.udp.getServers()) {
        const message = await this.ask(server, name, type).catch((error: unknown) => {
          failures.push(error as Error);
        });
        if (message?.rcode !== SUCCESS && message?.rcode !== NO_SUCH_NAME) continue;
        this.check(name, message);
        return read(message);
      }
    }
    try {
      const records = await overUdp();
      this.incomplete(failures);
      return records;
    } catch (error) {
      if (isNone(error)) this.incomplete(failures);
      throw error;
    }
  }

  private async ask(server: string, name: string, type: RecordType): Promise<DnsMessage> {
    const { clock } = this;
    const { signal } = this.lifetime;
    const what = `Name server ${server} over TCP`;
    const late = new AbortController();
    return await attempt({ clock, timeoutMs: TCP_TIMEOUT_MS, signal, what }, async (inner) => {
      inner.addEventListener('abort', () => late.abort(), { once: true });
      return await askOverTcp(server, name, type, late.signal);
    });
  }

  private check(name: string, { truncated }: DnsMessage): void {
    if (!truncated) {
      this.warned = false;
      return;
    }
    this.warn(
      `The answer about ${name} is truncated even over TCP: some of its instances are missing. Follow this service by another registry than dns:, or spread it over several names.`,
    );
  }

  /** The servers answer, yet not over TCP. */
  private incomplete(failures: readonly Error[]): void {
    const [first] = failures;
    if (!first || this.lifetime.signal.aborted) return;
    if (failures.every((error) => error instanceof NoConnectionError))
      this.tcpFrom = this.clock.now() + TCP_RETRY_MS;
    const servers = this.udp.getServers().join(', ');
    this.warn(
      `The name server ${servers} answers over UDP and not over TCP (${first.message}). An answer over UDP may hold only part of the instances; Consul gives 3 random ones. Open TCP to it; trying again every minute.`,
    );
  }

  private warn(text: string): void {
    if (!this.warned) this.logger.warn(text);
    this.warned = true;
  }
}

/**
 * The records, none where the name server says so.
 *
 * @throws whatever else the query fails with: a name server that is silent, refuses or has failed itself
 */
export async function recordsOrNone<T>(query: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await query;
  } catch (error) {
    if (isNone(error)) return [];
    throw error;
  }
}
