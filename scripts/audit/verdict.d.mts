/** The result of an audit: whether the run may continue, and the report. */
export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * @param output the output of `npm audit --json`
 * @param error why npm could not be run, if it could not
 */
export function verdict(output: string, error?: Error): Verdict;
