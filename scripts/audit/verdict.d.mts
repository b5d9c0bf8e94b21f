/** What an audit comes to: whether a run may go on, and what to tell. */
export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * @param output what `npm audit --json` wrote
 * @param error why npm itself could not be run, where it could not
 */
export function verdict(output: string, error?: Error): Verdict;
