import { type Logger, silentLogger } from '../common/logger.js';
import { memory } from '../registries/memory/memory.js';
import { type Registry } from '../registry/registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { createElections } from './create-elections.js';
import { type Election } from './election.js';
import { type ElectionClient } from './election-client.js';

describe('the jobs of an instance that has resigned', () => {
  let clock: VirtualClock;
  let registry: Registry;
  let warnings: string[];
  let one: ElectionClient;
  let two: ElectionClient;
  let job: Election;

  beforeEach(async () => {
    clock = new VirtualClock();
    warnings = [];
    const logger: Logger = { ...silentLogger, warn: (line) => void warnings.push(line) };
    registry = await memory().open({ clock, random: Math.random, logger });
    const deps = { registry, clock, random: Math.random, ttl: 10 };
    one = createElections({ ...deps, logger, name: 'host:1' });
    two = createElections({ ...deps, logger: silentLogger, name: 'host:2' });
    job = one.of('job');
    job.campaign();
    await clock.advance(100);
    two.of('job').campaign();
    await clock.advance(100);
  });

  afterEach(async () => {
    const closed = Promise.all([one.close(0), two.close(0)]);
    await clock.advance(3_000);
    await closed;
    // A released record is kept for one TTL.
    await clock.advance(20_000);
    await registry.close();
    expect(clock.pending).toBe(0);
  });

  it('are logged once when they keep the record for longer than 10 s', async () => {
    const run = job.begin('Reports.nightly');
    const resigned = Promise.all([job.resign(), one.pause()]);
    await clock.advance(9_000);
    expect(warnings).toEqual([]);
    await clock.advance(60_000);
    expect(two.of('job').isLeader).toBe(false);
    expect(warnings).toEqual([
      'This instance has resigned from "job", but jobs that run by its leadership have not ended for 10 s: Reports.nightly. No instance leads until they end. Let them end when their signal aborts.',
    ]);
    run?.end();
    await clock.advance(100);
    await resigned;
    expect(two.of('job').isLeader).toBe(true);
  });

  it('are not logged when they end, when it campaigns again, or when the application stops', async () => {
    job.begin()?.end();
    void job.resign();
    job.campaign();
    await clock.advance(100);
    const run = job.begin();
    void job.resign();
    await clock.advance(5_000);
    job.campaign();
    await clock.advance(20_000);
    expect(warnings).toEqual([]);
    void job.resign();
    one.shutdown();
    await clock.advance(20_000);
    expect(warnings).toEqual([]);
    run?.end();
  });
});
