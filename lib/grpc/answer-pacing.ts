/** Least interval between two answers of a resolver: five answers a second at most. */
export const MIN_ANSWER_INTERVAL_MS = 200;

/** Longest interval between two answers with the same list. */
export const MAX_ANSWER_INTERVAL_MS = 5_000;

/**
 * When a resolver may answer. Each answer makes grpc-js replace its connections' bookkeeping, and an unreachable endpoint
 * then makes it ask again: without a limit, a resolver that answers from a cache uses a whole processor.
 */
export class AnswerPacing {
  private answeredAt = -Infinity;
  /** Number of answers in a row that repeated the list. */
  private repeats = 0;

  /**
   * Milliseconds to wait before the next answer.
   *
   * @param repeated whether the answer would repeat the list of the last one; such answers are spaced further and further
   */
  delayMs(now: number, repeated: boolean): number {
    const interval = repeated ? this.repeatIntervalMs : MIN_ANSWER_INTERVAL_MS;
    return Math.max(0, this.answeredAt + interval - now);
  }

  /** Records an answer. */
  answered(now: number, repeated: boolean): void {
    const quiet = now - this.answeredAt >= 2 * this.repeatIntervalMs;
    this.repeats = repeated && !quiet ? this.repeats + 1 : 0;
    this.answeredAt = now;
  }

  private get repeatIntervalMs(): number {
    return Math.min(MAX_ANSWER_INTERVAL_MS, MIN_ANSWER_INTERVAL_MS * 2 ** this.repeats);
  }
}
