import { atomic } from './atomic.js';
import { bookmarkable } from './bookmarkable.js';
import { type Finding } from './finding.js';
import { ordered } from './ordered.js';
import { reliable } from './reliable.js';
import { resumable } from './resumable.js';
import { unique } from './unique.js';
import { type WatchEvidence } from './watch-log.js';

/** The six guarantees of an etcd watch, each judged by itself. */
export const WATCH_GUARANTEES = Object.freeze({ ordered, unique, reliable, atomic, resumable, bookmarkable });

/** Everything in a recording that breaks one of the six. */
export function watchFindings(evidence: WatchEvidence): Finding[] {
  return Object.values(WATCH_GUARANTEES).flatMap((validate) => validate(evidence));
}
