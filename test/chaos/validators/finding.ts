/** A promise that a recording shows broken. */
export interface Finding {
  /** Which promise: `ordered`, `no gap`. */
  readonly promise: string;
  readonly who: string;
  /** When it came to light: milliseconds of the recording's clock. */
  readonly at: number;
  /** The expectation and the recorded value, in one sentence. */
  readonly text: string;
  /** Set where a machine that is slow or busy can break the promise by itself: a time that was exceeded. */
  readonly timed?: true;
}
