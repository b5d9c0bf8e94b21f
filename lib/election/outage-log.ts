import { type Logger } from '../common/logger.js';
import { isUnreachable } from '../registry/shared-connection.js';

/**
 * Logs an outage of the registry once for all elections and locks of a process, and its end once. An answer that refuses a
 * request is no outage: it is logged for each election and lock.
 */
export class OutageLog {
  /** What waits for an answer of the registry. */
  private readonly waiting = new Set<string>();
  private readonly refused = new Set<string>();

  constructor(
    private readonly logger: Logger,
    private readonly url: string,
  ) {}

  /** Notes that a request of `who` has failed. */
  failed(who: string, error: Error): void {
    if (!isUnreachable(error)) this.refuse(who, error);
    else {
      if (this.waiting.size === 0)
        this.logger.warn(
          `Elections and locks do not reach the registry ${this.url}; leadership ends unless it answers within the TTL. Retrying (logged once until it answers): ${error.message}`,
        );
      this.waiting.add(who);
    }
  }

  /** Notes that `who` has got an answer. */
  recovered(who: string): void {
    if (this.refused.delete(who)) this.logger.log(`The ${who} reaches the registry again.`);
    if (this.waiting.delete(who) && this.waiting.size === 0)
      this.logger.log(`Elections and locks reach the registry ${this.url} again.`);
  }

  /** Forgets `who`, which has ended. */
  forget(who: string): void {
    this.refused.delete(who);
    this.waiting.delete(who);
  }

  /**
   * The logger of a list watcher of `who`.
   *
   * @param error Returns why the watch was lost.
   */
  ofWatch(who: string, error: () => Error | undefined): Logger {
    const { logger } = this;
    return {
      log: (message, fields) => {
        if (fields?.event === 'watch-restored') this.recovered(who);
        else logger.log(message, fields);
      },
      warn: (message, fields) => {
        const reason = fields?.event === 'watch-lost' ? error() : undefined;
        if (isUnreachable(reason)) this.failed(who, reason);
        else logger.warn(message, fields);
      },
      error: (message, stack, fields) => {
        logger.error(message, stack, fields);
      },
      debug: (message, fields) => logger.debug?.(message, fields),
    };
  }

  private refuse(who: string, error: Error): void {
    if (this.refused.has(who)) return;
    this.refused.add(who);
    this.logger.warn(`The ${who}: ${error.message} Retrying (logged once until it succeeds).`);
  }
}
