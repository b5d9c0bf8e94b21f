/** A promise that a recording shows broken. */
export interface Finding {
  /** Which promise: `ordered`, `no gap`. */
  readonly promise: string;
  readonly who: string;
  /** When it came to light: milliseconds of the recording's clock. */
  readonly at: number;
  /** The expectation and the recorded value, in one sentence. */
  readonly text: string;
}
