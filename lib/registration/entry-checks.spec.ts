import { type Session } from '../registry/registry.js';
import { VirtualClock } from '../testing/virtual-clock.js';
import { EntryChecks } from './entry-checks.js';
import { Sweeps } from './sweeps.js';

/** Sessions with and without a watch of their entries. Nothing calls them. */
const WATCHING = { watch: () => undefined } as unknown as Session;
const BLIND = {} as Session;

function setUp() {
  const clock = new VirtualClock();
  let checked = 0;
  const checks = new EntryChecks(new Sweeps(clock), { check: () => void (checked += 1) });
  checks.start(1_000);
  return { clock, checks, checked: () => checked };
}

describe('EntryChecks', () => {
  it('has no timer for an entry that starts, or that its session watches', () => {
    const { clock, checks } = setUp();
    checks.update({ phase: 'starting', refused: false }, WATCHING);
    expect(clock.pending).toBe(0);
    checks.update({ phase: 'registered', refused: false }, WATCHING);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['was refused', { phase: 'registered', refused: true }, WATCHING],
    ['was refused at its start', { phase: 'starting', refused: true }, WATCHING],
    ['has a session without a watch', { phase: 'registered', refused: false }, BLIND],
    ['has no session', { phase: 'registered', refused: false }, undefined],
    ['waits for another owner', { phase: 'standby', refused: false }, WATCHING],
    ['is lost', { phase: 'lost', refused: false }, WATCHING],
  ] as const)('checks an entry that %s, until that is over', async (_, machine, session) => {
    const { clock, checks, checked } = setUp();
    checks.update(machine, session);
    await clock.advance(2_000);
    expect(checked()).toBe(2);
    checks.update({ phase: 'registered', refused: false }, WATCHING);
    expect(clock.pending).toBe(0);
  });

  it('takes another interval, and ends', async () => {
    const { clock, checks, checked } = setUp();
    checks.update({ phase: 'lost', refused: false }, BLIND);
    checks.start(5_000);
    await clock.advance(5_000);
    expect(checked()).toBe(1);
    checks.stop();
    expect(clock.pending).toBe(0);
    checks.update({ phase: 'registered', refused: false }, BLIND);
    checks.update({ phase: 'standby', refused: true }, BLIND);
    expect(clock.pending).toBe(0);
  });
});
