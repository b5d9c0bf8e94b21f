/**
 * Candidates of one election, or of the runs under one lock, each with its own connection. Their looks at what they hold are
 * written to a file.
 */
import { appendFileSync } from 'node:fs';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { createElections } from '../../../lib/election/create-elections.js';
import { type ElectionClient } from '../../../lib/election/election-client.js';
import { type Registry } from '../../../lib/registry/registry.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { monotonic } from '../../harness/wait.js';
import { serve, settings } from '../../harness/worker-side.js';
import { LockLoop } from './lock-loop.js';
import { trusting } from './trusting-registry.js';

export interface CandidateSettings {
  readonly url: string;
  readonly election: string;
  /** Name of the first candidate, and how many there are. */
  readonly name: string;
  readonly count: number;
  /** Seconds. */
  readonly ttl: number;
  /** The file for the looks, one JSON array `[who, at, term]` a line. */
  readonly log: string;
  /** Whether the local deadline applies. */
  readonly deadline: boolean;
  /** Whether they compete for a lock. */
  readonly lock: boolean;
}

/** What a candidate knows. */
export interface CandidateView {
  readonly who: string;
  readonly term: string | undefined;
  readonly leader: string | undefined;
  readonly leaderTerm: string | undefined;
  readonly writes: number;
}

interface Candidate {
  readonly who: string;
  readonly registry: Registry;
  readonly client: ElectionClient;
  readonly lock: LockLoop | undefined;
  readonly writes: () => number;
}

const given = settings() as CandidateSettings;
/** Milliseconds between two looks. */
const LOOK_INTERVAL_MS = 10;
/** Milliseconds that a look may take; it takes microseconds. */
const MAX_LOOK_MS = 5;
/** Candidates that are started together. */
const AT_ONCE = 10;

const candidates: Candidate[] = [];
const leading = new Map<string, string>();
let wallOffsetMs = 0;

async function start(n: number): Promise<void> {
  const who = given.count === 1 ? given.name : `${given.name}.${n}`;
  const clock = { ...systemClock, wall: () => systemClock.wall() + wallOffsetMs };
  const deps = { clock, random: Math.random, logger: silentLogger };
  const inner = await registrySource(given.url, {}).open(deps);
  const { registry, writes } = trusting(inner, given.election, given.deadline ? 1 : 1_000);
  const client = createElections({ ...deps, registry, ttl: given.ttl, name: who });
  const lock = given.lock
    ? new LockLoop(client, given.election, given.ttl * 1_000, !given.deadline)
    : undefined;
  const candidate = { who, registry, client, lock, writes };
  candidates.push(candidate);
  campaign(candidate);
}

function campaign({ client, lock }: Candidate): void {
  if (lock) lock.start();
  else client.of(given.election).campaign();
}

/** The term of what the candidate holds. */
function termOf({ client, lock }: Candidate): string | undefined {
  return lock ? lock.term : client.of(given.election).term;
}

/** Writes a look of each candidate that leads, and the first look at which one no longer does. */
function look(): void {
  let lines = '';
  for (const candidate of candidates) {
    const { who } = candidate;
    const before = monotonic();
    const term = termOf(candidate);
    const at = monotonic();
    // A process that lost the processor in between cannot say when it looked.
    if (at - before > MAX_LOOK_MS) continue;
    if (term === undefined && !leading.has(who)) continue;
    if (term === undefined) leading.delete(who);
    else leading.set(who, term);
    lines += `${JSON.stringify([who, at, term ?? null])}\n`;
  }
  if (lines !== '') appendFileSync(given.log, lines);
}

let looking: NodeJS.Timeout | undefined;

serve({
  start: async () => {
    for (let n = 0; n < given.count; n += AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, given.count - n) }, (_, i) => start(n + i)));
    looking = setInterval(look, LOOK_INTERVAL_MS);
  },
  pid: () => process.pid,
  views: (): CandidateView[] =>
    candidates.map((candidate) => {
      const { who, client, lock, writes } = candidate;
      const leader = lock ? undefined : client.of(given.election).leader;
      const term = termOf(candidate);
      return { who, term, leader: leader?.id, leaderTerm: leader?.term, writes: writes() };
    }),
  resign: async () => {
    for (const { client, lock } of candidates) {
      if (lock) lock.stop();
      else await client.of(given.election).resign();
    }
    look();
  },
  campaign: () => {
    for (const candidate of candidates) campaign(candidate);
  },
  moveWall: (ms: number) => (wallOffsetMs = ms),
  close: async () => {
    for (const { client, lock } of candidates) {
      lock?.stop();
      client.shutdown();
    }
    look();
    clearInterval(looking);
    await Promise.all(
      candidates.map(async ({ client, registry }) => {
        await client.close(0);
        await registry.close();
      }),
    );
  },
});
