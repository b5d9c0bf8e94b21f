import { type Endpoint } from '../discovery/endpoint.js';
import { joinHostPort } from '../common/address.js';
import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { messageOf } from '../common/thrown.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { unusedWeights } from './unused-options.js';

/**
 * The channel option that carries a {@link ChannelTarget} to the resolver: the name in the target is not unique in a
 * process that has several applications. grpc-js leaves options with this prefix out of the comparison by which channels
 * share connections.
 */
export const TARGET_OPTION = 'grpc.internal.no_subchannel.nestjs-sidekick';

/** The address of one instance, as grpc-js connects to it. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a gRPC channel connects to: the endpoints of one service, each at its port of one name. */
export class ChannelTarget {
  private hasWarned = false;
  private list: readonly Endpoint[] | undefined;
  private readonly byPeer = new Map<string, Endpoint>();

  /** @param port the name of one of the endpoints' `ports`; undefined for their `port` */
  constructor(
    readonly handle: ServiceHandle,
    readonly port: string | undefined,
    readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  /** The addresses among which calls are distributed, one for each instance. */
  get addresses(): readonly Address[] {
    this.warnOfWeights();
    return this.handle.candidates.flatMap((endpoint) => {
      const port = this.portOf(endpoint);
      return port === undefined ? [] : [{ host: endpoint.address, port }];
    });
  }

  /** See `ServiceCalls.firstList`. */
  firstList(): Promise<void> | undefined {
    return this.handle.calls.firstList();
  }

  /** Calls `listener` when {@link addresses} may have changed. Returns a function that ends it. */
  subscribe(listener: () => void): () => void {
    return this.handle.onCandidates(listener);
  }

  /** The port of an endpoint; undefined when it has none of that name. */
  portOf(endpoint: Endpoint): number | undefined {
    if (this.port === undefined) return endpoint.port;
    return Object.hasOwn(endpoint.ports, this.port) ? endpoint.ports[this.port] : undefined;
  }

  /** The endpoint at `peer`, in the form of grpc-js's `getPeer()`; undefined when the service has none there. */
  endpointAt(peer: string): Endpoint | undefined {
    const { endpoints } = this.handle;
    if (endpoints !== this.list) this.index(endpoints);
    return this.byPeer.get(peer);
  }

  /** Why there is no endpoint, as a sentence. */
  get reason(): string {
    try {
      this.handle.pick();
    } catch (error) {
      return messageOf(error);
    }
    return `No instance of service "${this.handle.name}" has a port named "${this.port ?? ''}".`;
  }

  /** grpc-js writes channel options as JSON into its trace. */
  toJSON(): string {
    return this.handle.name;
  }

  private warnOfWeights(): void {
    if (this.hasWarned) return;
    const unused = unusedWeights(this.handle);
    if (unused === undefined) return;
    this.hasWarned = true;
    this.logger.warn(unused);
  }

  private index(endpoints: readonly Endpoint[]): void {
    this.list = endpoints;
    this.byPeer.clear();
    for (const endpoint of endpoints) {
      const port = this.portOf(endpoint);
      if (port !== undefined) this.byPeer.set(joinHostPort(endpoint.address, port), endpoint);
    }
  }
}
