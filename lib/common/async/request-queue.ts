import { DeadlineExceededError } from '../errors/deadline-exceeded.error.js';
import { isError } from './abort.js';
import { Semaphore } from './semaphore.js';

/**
 * Whether the server has not answered within the deadline of a request. Any other error is an answer, or arrives at once.
 */
export function isUnanswered(error: unknown): boolean {
  for (let cause = error; isError(cause); cause = cause.cause)
    if (cause instanceof DeadlineExceededError) return true;
  return false;
}

/**
 * Limits how many requests to one server run at the same time. The deadline of a request begins when the request is sent,
 * so that it measures the server and not the queue. A server that answers nothing does not delay the queue by one deadline
 * after the other: when a request has had no answer within its deadline, and no other was answered since it was sent, all
 * waiting requests fail with its error.
 */
export class RequestQueue {
  private readonly permits: Semaphore;
  /** Number of requests that were answered. */
  private answered = 0;

  /** @param limit Maximum number of concurrent requests. */
  constructor(limit: number) {
    this.permits = new Semaphore(limit);
  }

  /** Number of requests that wait. */
  get waiting(): number {
    return this.permits.waiting;
  }

  /**
   * Sends a request as soon as there is room.
   *
   * @param send sends the request, with a deadline of its own
   * @param signal ends the wait, both for room and for the answer
   * @throws the error of `send`, or that of an earlier request that was not answered
   * @throws the reason of `signal` when it is aborted first
   */
  async run<T>(send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return await this.permits.run(async () => {
      const { answered } = this;
      try {
        const answer = await send();
        this.answered += 1;
        return answer;
      } catch (error) {
        if (!isUnanswered(error)) this.answered += 1;
        else if (this.answered === answered) this.permits.rejectWaiting(error as Error);
        throw error;
      }
    }, signal);
  }
}
