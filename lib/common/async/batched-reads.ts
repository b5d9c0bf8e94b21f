import { type Clock } from '../clock.js';
import { abortReason, onAbort } from './abort.js';
import { type Deferred, deferred } from './deferred.js';
import { pause } from './deadline.js';
import { isUnanswered } from './request-queue.js';

/** Pause after a request, as a multiple of the time that it took. */
const PAUSE_SHARE = 3;
/** Longest pause in milliseconds. */
const MAX_PAUSE_MS = 300;

/** How {@link BatchedReads} reads. */
export interface BatchedReadsOptions<K, R> {
  readonly clock: Clock;
  /** Sends one request about all of `keys`. */
  readonly read: (keys: readonly K[], signal: AbortSignal) => Promise<R>;
  /** The share of a key in the size of a request, such as its length in a URL. */
  readonly sizeOf: (key: K) => number;
  /** Maximum size of one request. A key that is larger is asked for alone. */
  readonly maxSize: number;
}

interface Question<K, R> {
  readonly key: K;
  readonly answer: Deferred<R>;
}

/**
 * Answers concurrent questions with few requests: one request at a time, about all keys that are asked for by then. The
 * request for a question always starts after the question, so that its answer is never older. A request that takes long
 * is followed by a pause, so that a busy server is not asked without interruption.
 */
export class BatchedReads<K, R> {
  private waiting: Question<K, R>[] = [];
  private running = false;
  private pause = 0;
  /** The questions of the request in flight, and what ends it. */
  private batch:
    { readonly questions: Set<Question<K, R>>; readonly controller: AbortController } | undefined;

  constructor(private readonly options: BatchedReadsOptions<K, R>) {}

  /** Whether no question is open. */
  get idle(): boolean {
    return this.waiting.length === 0 && (this.batch?.questions.size ?? 0) === 0;
  }

  /** Milliseconds between two requests, so that they are a quarter of the server's time at most. */
  get pauseMs(): number {
    return this.pause;
  }

  /**
   * Resolves with the answer to a request that started after the call and whose keys include `key`.
   *
   * @throws the error of the request
   * @throws the reason of `signal` when it is aborted first; the request ends when no other question needs it
   */
  async ask(key: K, signal: AbortSignal): Promise<R> {
    if (signal.aborted) throw abortReason(signal);
    const question: Question<K, R> = { key, answer: deferred<R>() };
    const remove = onAbort(signal, () => {
      question.answer.reject(abortReason(signal));
      this.waiting = this.waiting.filter((other) => other !== question);
      this.abandoned(question);
    });
    this.waiting.push(question);
    if (!this.running) void this.run();
    try {
      return await question.answer.promise;
    } finally {
      remove();
    }
  }

  private abandoned(question: Question<K, R>): void {
    const { batch } = this;
    if (batch?.questions.delete(question) !== true || batch.questions.size > 0) return;
    batch.controller.abort(new DOMException('The answer is no longer needed', 'AbortError'));
  }

  private async run(): Promise<void> {
    this.running = true;
    const { clock } = this.options;
    // Questions of the same tick share a request.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const startedAt = clock.now();
      await this.send(this.take());
      this.pause = Math.min(PAUSE_SHARE * (clock.now() - startedAt), MAX_PAUSE_MS);
      if (this.waiting.length > 0) await pause(clock, this.pause);
    }
    this.running = false;
  }

  private async send(questions: readonly Question<K, R>[]): Promise<void> {
    const controller = new AbortController();
    this.batch = { questions: new Set(questions), controller };
    try {
      const answer = await this.options.read(
        questions.map(({ key }) => key),
        controller.signal,
      );
      for (const question of questions) question.answer.resolve(answer);
    } catch (error) {
      for (const question of questions) question.answer.reject(error as Error);
      if (!isUnanswered(error)) return;
      // Those that have waited for a server that does not answer must not wait for it once more.
      for (const question of this.waiting) question.answer.reject(error as Error);
      this.waiting = [];
    } finally {
      this.batch = undefined;
    }
  }

  private take(): readonly Question<K, R>[] {
    const { sizeOf, maxSize } = this.options;
    const taken = withinSize(this.waiting, ({ key }) => sizeOf(key), maxSize);
    this.waiting = this.waiting.slice(taken.length);
    return taken;
  }
}

/** The first of `values`, as many as have `maxSize` together, and at least one. */
export function withinSize<T>(
  values: readonly T[],
  sizeOf: (value: T) => number,
  maxSize: number,
): readonly T[] {
  let size = 0;
  const end = values.findIndex((value, index) => (size += sizeOf(value)) > maxSize && index > 0);
  return end === -1 ? values : values.slice(0, end);
}
