import { monotonic } from '../../harness/wait.js';
import { type Happening } from '../recording/event.js';
import { type Report } from './protocol.js';

/** Milliseconds between two polls of the library's status, and between two picks. */
export const LOOK = 10;

/** Sends a report to the scenario. */
export function tell(report: Report): void {
  process.send?.(report);
}

/** Reports an event, by default as one of this moment. */
export function happened(who: string, happening: Happening, at = monotonic()): void {
  tell({ kind: 'happened', who, at, happening });
}

/** The stable code of an error of the library. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}
