import { type Grant } from './granted-run.js';

/** The part of an `Election` that a method with `@LeaderOnly` uses. A test may leave out all but `isLeader`. */
export interface GivenElection {
  readonly isLeader: boolean;
  readonly term?: string | undefined;
  readonly signal?: AbortSignal;
  begin?(label: string): Grant | undefined;
}

const nothing = (): void => undefined;

/** The permission for one run as the leader; undefined where this instance does not lead. */
export function leaderGrant(election: GivenElection, label: string): Grant | undefined {
  if (election.begin) return election.begin(label);
  if (!election.isLeader) return undefined;
  const signal = election.signal ?? new AbortController().signal;
  return { term: election.term ?? '0', signal, end: nothing };
}
