import { monotonic } from '../../harness/wait.js';
import { type Finding } from './finding.js';

/** How an application was closed. */
export interface Stop {
  /** Milliseconds `app.close()` took. */
  readonly took: number;
  /** Whether the key was there still when it resolved, where one could look. */
  readonly present: boolean;
  /** Bytes sent and connections made after it resolved. */
  readonly traffic: number;
  /** `by itself`, or what was wrong with how the process ended. */
  readonly ended: string;
}

/** Milliseconds. */
export const MAX_CLOSE = 2_000;

/** Clean stop: in time, the key gone, silent from then on, and the process ends by itself. */
export function cleanStop(
  who: string,
  { took, present, traffic, ended }: Stop,
  maxClose = MAX_CLOSE,
): Finding[] {
  const late = [
    took > maxClose &&
      `Expected it to close within ${Math.round(maxClose)} ms, it took ${Math.round(took)} ms.`,
    present && 'Expected the key to be gone when it was closed, it was there.',
    ended !== 'by itself' && ended,
  ];
  const finding = { promise: 'clean stop', who, at: monotonic() };
  return [
    ...late.flatMap((text) => (text === false ? [] : [{ ...finding, text, timed: true as const }])),
    ...(traffic > 0
      ? [{ ...finding, text: `Expected no traffic after it was closed, there was (${traffic}).` }]
      : []),
  ];
}
