/** A batch for one thread. */
export interface Task {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
}

/** How a batch went. */
export interface Report {
  readonly tried: number;
  readonly finding: { readonly input: Uint8Array; readonly error: string } | undefined;
}

/** The settings of a thread. */
export interface Surroundings {
  /** Counts the inputs that were tried, so that the parent can detect a hung thread. */
  readonly counter: SharedArrayBuffer;
  /** How many threads there are. */
  readonly threads: number;
}
