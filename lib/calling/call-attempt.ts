import { type Call, type CallOutcome } from '../balancing/call.js';
import { type RetryReason } from '../balancing/retry-options.js';
import { type Clock } from '../common/clock.js';
import { CHANNELS, type RequestEndMessage } from '../common/diagnostics.js';
import { type Logger } from '../common/logger.js';
import { type Endpoint } from '../discovery/endpoint.js';

/** The service that an attempt calls, and what the attempt reports to. */
export interface AttemptContext {
  readonly service: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly applicationId: string | undefined;
}

/** What the error of an attempt means. */
export interface AttemptFailure {
  /** See `Failure.reason`. */
  readonly reason: RetryReason | undefined;
  readonly outcome: CallOutcome;
}

/** Learns whether the endpoint of an attempt could be connected to. */
export interface ConnectionListener {
  onReached(endpoint: Endpoint, port: number): void;
  onFailed(endpoint: Endpoint, port: number, error: unknown): void;
}

/** The port of clients that do not report theirs. */
export const UNKNOWN_PORT = 0;

/** One attempt of a call, at one endpoint: reports its end to the balancer and to the diagnostics channels, once. */
export class CallAttempt {
  private hasEnded = false;
  /** Undefined without a subscriber: the time would be a number on the heap in each attempt. */
  private readonly startedAtMs: number | undefined;

  constructor(
    private readonly context: AttemptContext,
    readonly endpoint: Endpoint,
    /** Number of the attempt, from 1. */
    readonly number: number,
    private readonly call: Call,
    /** Time of the clock at which it began, where the endpoint was known only later. */
    startedAtMs?: number,
    private readonly connection?: ConnectionListener,
    private readonly port = UNKNOWN_PORT,
  ) {
    this.startedAtMs = startedAtMs ?? (CHANNELS.requestEnd.hasSubscribers ? context.clock.now() : undefined);
    if (CHANNELS.requestStart.hasSubscribers) CHANNELS.requestStart.publish(Object.freeze(this.describe()));
  }

  /** Name of the service. */
  get service(): string {
    return this.context.service;
  }

  /** Whether {@link end} was called. */
  get ended(): boolean {
    return this.hasEnded;
  }

  /** Reports that the endpoint answers, before the end. */
  reached(): void {
    this.connection?.onReached(this.endpoint, this.port);
  }

  /** Reports the end by an error, as {@link end} does, and whether there was a connection. */
  fail({ reason, outcome }: AttemptFailure, error: unknown, retryAfterMs?: number): void {
    if (this.hasEnded) return;
    if (reason === 'connect' && outcome === 'failure')
      this.connection?.onFailed(this.endpoint, this.port, error);
    else if (typeof reason === 'number') this.reached();
    this.end(outcome, error, retryAfterMs);
  }

  /**
   * Reports the end. Further calls do nothing.
   *
   * @param retryAfterMs milliseconds for which the endpoint asked to be left alone
   * @param grpc of a call by gRPC, for diagnostics
   */
  end(outcome: CallOutcome, error?: unknown, retryAfterMs?: number, grpc?: RequestEndMessage['grpc']): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    if (outcome === 'success') this.reached();
    this.call.done(error, outcome, retryAfterMs === undefined ? undefined : { retryAfterMs });
    if (CHANNELS.requestEnd.hasSubscribers) {
      const now = this.context.clock.now();
      CHANNELS.requestEnd.publish(
        Object.freeze({
          ...this.describe(),
          outcome,
          // The duration is unknown if the first subscriber came during the call.
          durationMs: now - (this.startedAtMs ?? now),
          ...(error === undefined ? {} : { error }),
          ...(grpc === undefined ? {} : { grpc: Object.freeze(grpc) }),
        }),
      );
    }
    if (this.number > 1 && outcome !== 'aborted' && CHANNELS.requestRetry.hasSubscribers) {
      const { service, applicationId } = this.context;
      CHANNELS.requestRetry.publish(Object.freeze({ applicationId, service, result: outcome }));
    }
  }

  private describe() {
    const { id, address, port } = this.endpoint;
    const { applicationId, service } = this.context;
    return { applicationId, service, endpoint: Object.freeze({ id, address, port }), attempt: this.number };
  }
}
