import { type Finding } from './finding.js';

/** What one process said of its leadership at one moment. */
export interface LeaderSample {
  readonly who: string;
  /** Milliseconds of the machine's monotonic clock. */
  readonly at: number;
  /** The term, while `isLeader` was true. */
  readonly term: string | undefined;
}

/** A time in which one process claimed to lead at each look. */
interface Claim {
  readonly who: string;
  readonly term: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Never two leaders, and terms that grow. Of one process, successive looks that show the same term are one claim, for the
 * time in between too. Runs under a lock are judged alike. Two claims of different processes must not overlap, and the later has the higher term.
 */
export function oneLeader(samples: readonly LeaderSample[], promise = 'never two leaders'): Finding[] {
  const claims = claimsOf(samples).sort((a, b) => a.from - b.from);
  const findings: Finding[] = [];
  let highest: Claim | undefined;
  for (const [n, claim] of claims.entries()) {
    for (const earlier of claims.slice(0, n))
      if (earlier.who !== claim.who && earlier.to >= claim.from)
        findings.push(
          finding(
            promise,
            claim,
            `leads (term ${claim.term}) while ${earlier.who} does (term ${earlier.term})`,
          ),
        );
    if (highest && highest.who !== claim.who && BigInt(claim.term) <= BigInt(highest.term))
      findings.push(
        finding(
          'terms grow',
          claim,
          `leads in term ${claim.term} after ${highest.who} in term ${highest.term}`,
        ),
      );
    if (!highest || BigInt(claim.term) > BigInt(highest.term)) highest = claim;
  }
  return findings;
}

/** The number of times that leadership went from one process to another, and of terms of one process. */
export function reigns(samples: readonly LeaderSample[]): number {
  return new Set(claimsOf(samples).map(({ who, term }) => `${who} ${term}`)).size;
}

function claimsOf(samples: readonly LeaderSample[]): Claim[] {
  const open = new Map<string, Claim>();
  const claims: Claim[] = [];
  for (const { who, at, term } of [...samples].sort((a, b) => a.at - b.at)) {
    const before = open.get(who);
    if (before && before.term === term) {
      open.set(who, { ...before, to: at });
      continue;
    }
    if (before) claims.push(before);
    open.delete(who);
    if (term !== undefined) open.set(who, { who, term, from: at, to: at });
  }
  return [...claims, ...open.values()];
}

function finding(promise: string, { who, from }: Claim, text: string): Finding {
  return { promise, who, at: from, text: `${who} ${text}.` };
}
