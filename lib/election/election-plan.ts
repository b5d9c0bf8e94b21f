import { type ElectionState, leadUntil } from './election-state.js';

/** The next request of an election, or the time of the next step. */
export type ElectionPlan =
  | { readonly kind: 'wait'; readonly until: number }
  /** Reads the key, because a write of unknown outcome may have taken effect. */
  | { readonly kind: 'read' }
  /** Removes the silent, released or foreign record. */
  | { readonly kind: 'discard'; readonly version: string }
  | { readonly kind: 'create' }
  | { readonly kind: 'rewrite'; readonly version: string; readonly beat: number }
  | { readonly kind: 'release'; readonly version: string; readonly beat: number };

/** Returns what to do at `now`. */
export function planElection(state: ElectionState, now: number): ElectionPlan {
  const request = nextRequest(state);
  if (request && request.at <= now) return request.plan;
  return { kind: 'wait', until: Math.min(request?.at ?? Infinity, deadlineOf(state)) };
}

/** When leadership ends without a further acknowledgement; `Infinity` for an instance that does not lead. */
export function deadlineOf(state: ElectionState): number {
  return state.leading ? leadUntil(state) : Infinity;
}

function nextRequest(state: ElectionState): { readonly at: number; readonly plan: ElectionPlan } | undefined {
  const { own, pending, session, wanted, busy, suspended, seen, dueAt, contestAt } = state;
  if (!session || suspended) return undefined;
  if (own) {
    const { version } = own;
    const beat = Math.max(own.beat, pending?.beat ?? 0) + 1;
    const kind = wanted || busy ? 'rewrite' : 'release';
    return { at: dueAt, plan: { kind, version, beat } };
  }
  if (pending) return { at: dueAt, plan: { kind: 'read' } };
  if (!wanted || seen === 'unknown') return undefined;
  const at = Math.max(contestAt, dueAt);
  return { at, plan: seen === 'absent' ? { kind: 'create' } : { kind: 'discard', version: seen.version } };
}
