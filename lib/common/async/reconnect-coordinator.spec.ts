import { VirtualClock } from '../../testing/virtual-clock.js';
import { ReconnectCoordinator } from './reconnect-coordinator.js';

const never = new AbortController().signal;

const unreachable = new Error('unreachable');

/** Readers that wait for a probe and record when they were released. */
function setUp(): {
  clock: VirtualClock;
  coordinator: ReconnectCoordinator;
  probes: string[];
  waitForProbe: (reader: string) => void;
} {
  const clock = new VirtualClock();
  const coordinator = new ReconnectCoordinator({ clock, random: () => 0.5 });
  const probes: string[] = [];
  const waitForProbe = (reader: string): void => {
    void coordinator.waitForProbe(never).then(() => probes.push(`${reader} at ${Math.round(clock.now())}`));
  };
  return { clock, coordinator, probes, waitForProbe };
}

describe('ReconnectCoordinator', () => {
  it('releases a reader at once while the registry is reachable', async () => {
    const { clock, probes, waitForProbe } = setUp();
    waitForProbe('a');
    await clock.advance(0);
    expect(probes).toEqual(['a at 0']);
    expect(clock.pending).toBe(0);
  });

  it('lets one reader probe at a time, with an increasing backoff', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    coordinator.attemptFailed({ error: unreachable });
    for (const reader of ['a', 'b', 'c']) waitForProbe(reader);
    await clock.advance(50);
    expect(probes).toEqual(['a at 50']);
    coordinator.attemptFailed({ error: unreachable });
    waitForProbe('a');
    await clock.advance(100);
    expect(probes).toEqual(['a at 50', 'b at 150']);
    coordinator.attemptFailed({ error: unreachable });
    await clock.advance(199);
    expect(probes).toHaveLength(2);
    await clock.advance(1);
    expect(probes.at(-1)).toBe('c at 350');
  });

  it('releases all readers when any attempt succeeds', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    coordinator.attemptFailed({ error: unreachable });
    for (const reader of ['a', 'b', 'c']) waitForProbe(reader);
    coordinator.attemptSucceeded();
    await clock.advance(0);
    expect(probes).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('returns the error of the last attempt until one succeeds', () => {
    const { coordinator } = setUp();
    expect(coordinator.lastError).toBeUndefined();
    coordinator.attemptFailed({ error: unreachable });
    const refused = new Error('refused');
    coordinator.attemptFailed({ error: refused });
    coordinator.attemptFailed();
    expect(coordinator.lastError).toBe(refused);
    expect(coordinator.unreachable).toBe(true);
    coordinator.attemptSucceeded();
    expect(coordinator.unreachable).toBe(false);
    expect(coordinator.lastError).toBeUndefined();
  });

  it('counts concurrent failures as one, and delays a probe by those of others for 10 s at most', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    for (let i = 0; i < 100; i += 1) coordinator.attemptFailed({ error: unreachable });
    waitForProbe('a');
    for (let i = 0; i < 400; i += 1) {
      await clock.advance(30);
      coordinator.attemptFailed({ error: unreachable });
    }
    expect(probes).toEqual(['a at 10000']);
  });

  it('starts a probe together with an announced attempt', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    for (const wait of [400, 800, 1_600]) {
      coordinator.attemptFailed({ retryInMs: wait });
      waitForProbe('a');
      await clock.advance(wait);
      coordinator.attemptStarted();
      coordinator.attemptFailed({ error: unreachable });
      await clock.advance(0);
    }
    expect(probes).toEqual(['a at 400', 'a at 1200', 'a at 2800']);
  });

  it('does not start more probes than the backoff allows when attempts are frequent', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    coordinator.attemptFailed({ error: unreachable });
    for (let i = 0; i < 100; i += 1) {
      waitForProbe('a');
      await clock.advance(50);
      coordinator.attemptStarted();
      coordinator.attemptFailed({ retryInMs: 50 });
    }
    expect(probes.length).toBeLessThan(15);
  });

  it('starts a probe when an announced attempt does not start', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    coordinator.attemptFailed({ retryInMs: 2_000 });
    waitForProbe('a');
    await clock.advance(2_500);
    expect(probes).toEqual(['a at 2500']);
  });

  it('starts the next probe when one reports no result', async () => {
    const { clock, coordinator, probes, waitForProbe } = setUp();
    coordinator.attemptFailed({ error: unreachable });
    waitForProbe('a');
    waitForProbe('b');
    await clock.advance(5_050);
    expect(probes).toEqual(['a at 50', 'b at 5050']);
  });

  it('releases a reader whose signal is aborted', async () => {
    const { clock, coordinator } = setUp();
    coordinator.attemptFailed({ error: unreachable });
    const controller = new AbortController();
    const waiting = coordinator.waitForProbe(controller.signal);
    controller.abort();
    await waiting;
    expect(clock.pending).toBe(0);
  });
});
