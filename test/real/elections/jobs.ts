import { everyTick, noTickTwice, termsOfTicksGrow } from '../../chaos/validators/ticks.js';
import { JobFleet } from '../../harness/job-fleet.js';
import { monotonic, until } from '../../harness/wait.js';

/** How long the jobs run before the leader is killed, in milliseconds: at least three ticks of the locked job. */
const PHASE_MS = 15_000;

/** Seconds: a leader whose renewals are late on a busy machine is not deposed. */
const TTL = 6;

/** What a busy machine adds to a failover, in milliseconds. */
const SLACK_MS = 15_000;

/** Five processes with clocks up to 500 ms apart, and a SIGKILL of the leader. */
export function describeJobs(
  name: string,
  open: () => Promise<{ url: string; close(): Promise<unknown> }>,
): void {
  describe(`Jobs of five processes on ${name}`, () => {
    let world: { url: string; close(): Promise<unknown> };
    let fleet: JobFleet | undefined;

    beforeAll(async () => {
      world = await open();
    });
    afterAll(async () => {
      fleet?.kill();
      await world.close();
    });

    it('run once each tick, and once at most while the leader is killed', async () => {
      // Clocks 0.5 s apart: 0.5 s + jitter < 2 s < 4 s − 0.5 s − latency.
      fleet = new JobFleet({ registry: world.url, ttl: TTL, period: 4, hold: 2 });
      const { runs } = { runs: fleet.runs.bind(fleet) };
      await fleet.ready();
      const start = monotonic() + 1_000;
      await until('the first phase', () => monotonic() > start + PHASE_MS);
      const killedAt = monotonic();
      fleet.leader?.kill();
      await until('the next leader', () => runs('leader', killedAt).length >= 3);

      const before = runs('leader', start, killedAt);
      expect(new Set(before.map(({ term }) => term)).size).toBe(1);
      expect(everyTick(before, { except: fleet.stalls })).toEqual([]);
      expect(noTickTwice(fleet.timely('leader'))).toEqual([]);
      expect(termsOfTicksGrow(runs('leader'))).toEqual([]);
      const [next] = runs('leader', killedAt).filter(({ term }) => term !== before[0]?.term);
      expect((next?.at ?? Infinity) - killedAt).toBeLessThan(TTL * 1_000 + SLACK_MS);

      const locked = runs('locked', start, killedAt);
      expect(locked.length).toBeGreaterThanOrEqual(3);
      expect(everyTick(locked, { except: fleet.stalls })).toEqual([]);
      expect(noTickTwice(fleet.timely('locked'))).toEqual([]);
      const terms = locked.map(({ term }) => BigInt(term));
      expect(terms).toEqual([...terms].sort((a, b) => (a < b ? -1 : 1)));

      await fleet.close();
    }, 400_000);
  });
}
