import { VirtualClock } from '../testing/virtual-clock.js';
import { memory } from '../registries/memory/memory.js';
import { ReconnectCoordinator, reconnectCoordinatorOf } from './reconnect-coordinator.js';
import { silentLogger } from '../common/logger.js';

const never = new AbortController().signal;

const away = new Error('away');

/** Readers that ask for a turn and say when they had it. */
function setUp(): {
  clock: VirtualClock;
  outage: ReconnectCoordinator;
  turns: string[];
  ask: (who: string) => void;
} {
  const clock = new VirtualClock();
  const outage = new ReconnectCoordinator({ clock, random: () => 0.5 });
  const turns: string[] = [];
  const ask = (who: string): void => {
    void outage.waitForProbe(never).then(() => turns.push(`${who} at ${Math.round(clock.now())}`));
  };
  return { clock, outage, turns, ask };
}

describe('an outage', () => {
  it('holds nobody up while there is none', async () => {
    const { clock, turns, ask } = setUp();
    ask('a');
    await clock.advance(0);
    expect(turns).toEqual(['a at 0']);
    expect(clock.pending).toBe(0);
  });

  it('lets one try at a time, however many wait, with longer and longer pauses', async () => {
    const { clock, outage, turns, ask } = setUp();
    outage.attemptFailed(away);
    for (const who of ['a', 'b', 'c']) ask(who);
    await clock.advance(50);
    expect(turns).toEqual(['a at 50']);
    outage.attemptFailed(away);
    ask('a');
    await clock.advance(100);
    expect(turns).toEqual(['a at 50', 'b at 150']);
    outage.attemptFailed(away);
    await clock.advance(199);
    expect(turns).toHaveLength(2);
    await clock.advance(1);
    expect(turns.at(-1)).toBe('c at 350');
  });

  it('lets everybody go on with the first answer, whoever had it', async () => {
    const { clock, outage, turns, ask } = setUp();
    outage.attemptFailed(away);
    for (const who of ['a', 'b', 'c']) ask(who);
    outage.attemptSucceeded();
    await clock.advance(0);
    expect(turns).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('knows why the last try failed, until there is an answer', () => {
    const { outage } = setUp();
    expect(outage.lastError).toBeUndefined();
    outage.attemptFailed(away);
    const refused = new Error('refused');
    outage.attemptFailed(refused);
    expect(outage.lastError).toBe(refused);
    outage.attemptSucceeded();
    expect(outage.lastError).toBeUndefined();
  });

  it('counts many failures at once as one, and is put off by those of others, though not for ever', async () => {
    const { clock, outage, turns, ask } = setUp();
    for (let i = 0; i < 100; i += 1) outage.attemptFailed(away);
    ask('a');
    for (let i = 0; i < 400; i += 1) {
      await clock.advance(30);
      outage.attemptFailed(away);
    }
    expect(turns).toEqual(['a at 10000']);
  });

  it('has a reader go along with whoever tries anyway, rather than try beside it', async () => {
    const { clock, outage, turns, ask } = setUp();
    for (const wait of [400, 800, 1_600]) {
      outage.attemptFailed(away, wait);
      ask('a');
      await clock.advance(wait);
      outage.attemptStarted();
      outage.attemptFailed(away);
      await clock.advance(0);
    }
    expect(turns).toEqual(['a at 400', 'a at 1200', 'a at 2800']);
  });

  it('does not have a reader go along more often than it would try by itself', async () => {
    const { clock, outage, turns, ask } = setUp();
    outage.attemptFailed(away);
    for (let i = 0; i < 100; i += 1) {
      ask('a');
      await clock.advance(50);
      outage.attemptStarted();
      outage.attemptFailed(away, 50);
    }
    expect(turns.length).toBeLessThan(15);
  });

  it('gives a turn where a try that was announced does not come', async () => {
    const { clock, outage, turns, ask } = setUp();
    outage.attemptFailed(away, 2_000);
    ask('a');
    await clock.advance(2_500);
    expect(turns).toEqual(['a at 2500']);
  });

  it('passes the turn on when nothing is heard of it', async () => {
    const { clock, outage, turns, ask } = setUp();
    outage.attemptFailed(away);
    ask('a');
    ask('b');
    await clock.advance(5_050);
    expect(turns).toEqual(['a at 50', 'b at 5050']);
  });

  it('lets go of a reader that gives up', async () => {
    const { clock, outage } = setUp();
    outage.attemptFailed(away);
    const leaving = new AbortController();
    const turn = outage.waitForProbe(leaving.signal);
    leaving.abort();
    await turn;
    expect(clock.pending).toBe(0);
  });

  it('is one for all who use a connection', async () => {
    const clock = new VirtualClock();
    const deps = { clock, random: Math.random, logger: silentLogger };
    const [one, other] = await Promise.all([memory().open(deps), memory().open(deps)]);
    expect(reconnectCoordinatorOf(one, deps)).toBe(reconnectCoordinatorOf(one, deps));
    expect(reconnectCoordinatorOf(one, deps)).not.toBe(reconnectCoordinatorOf(other, deps));
    await Promise.all([one.close(), other.close()]);
  });
});
