import {
  expiryOf,
  INITIAL_SESSION,
  planSession,
  renewalIntervalMs,
  renewalTimeoutMs,
  type SessionEvent,
  type SessionSignal,
  type SessionState,
  stepSession,
} from './session-machine.js';

/** Runs timed events through the machine and collects the signals. */
function run(
  events: readonly (readonly [now: number, event: SessionEvent])[],
  from: SessionState = INITIAL_SESSION,
): { readonly state: SessionState; readonly signals: readonly SessionSignal[] } {
  let state = from;
  const signals: SessionSignal[] = [];
  for (const [now, event] of events) {
    const step = stepSession(state, event, now);
    state = step.state;
    signals.push(...step.signals);
  }
  return { state, signals };
}

const opened = (sentAt: number, ttl = 9): SessionEvent => ({ kind: 'opened', sentAt, ttl, jitter: 0.5 });
const renewed = (sentAt: number, ttl = 9): SessionEvent => ({ kind: 'renewed', sentAt, ttl, jitter: 0.5 });
const failed: SessionEvent = { kind: 'failed', retryAfter: 100 };

describe('session machine', () => {
  it('does nothing until it is needed, then opens at once', () => {
    expect(planSession(INITIAL_SESSION)).toEqual({ kind: 'idle' });
    expect(planSession(run([[5, { kind: 'needed' }]]).state)).toEqual({ kind: 'open', at: 5 });
  });

  it('renews a third of the granted TTL after the last renewal was sent', () => {
    const { state, signals } = run([
      [0, { kind: 'needed' }],
      [20, opened(10)],
    ]);
    expect(signals).toEqual(['up']);
    expect(planSession(state)).toEqual({ kind: 'renew', at: 10 + 3000 });
    const next = run([[3040, renewed(3010, 30)]], state);
    expect(next.signals).toEqual(['acknowledged']);
    expect(planSession(next.state)).toEqual({ kind: 'renew', at: 3010 + 10_000 });
  });

  it('moves a renewal by a tenth at most', () => {
    expect(renewalIntervalMs(9, 0)).toBeCloseTo(2700);
    expect(renewalIntervalMs(9, 0.999_999)).toBeLessThan(3300);
  });

  it('limits a renewal to a sixth of the TTL, and to one second', () => {
    expect(renewalTimeoutMs(3)).toBe(500);
    expect(renewalTimeoutMs(60)).toBe(1000);
  });

  it('allows three round trips or the timeout of the driver, up to a third of the TTL', () => {
    expect(renewalTimeoutMs(10, { roundTripMs: 200 })).toBe(1000);
    expect(renewalTimeoutMs(10, { roundTripMs: 600 })).toBe(1800);
    expect(renewalTimeoutMs(6, { roundTripMs: 900 })).toBe(2000);
    expect(renewalTimeoutMs(30, { roundTripMs: 600, driverTimeoutMs: 5_000 })).toBe(5000);
    expect(renewalTimeoutMs(9, { driverTimeoutMs: 5_000 })).toBe(3000);
    expect(renewalTimeoutMs(30, { driverTimeoutMs: 100 })).toBe(1000);
    expect(renewalTimeoutMs(6, { isPatient: true })).toBe(2000);
    expect(renewalTimeoutMs(60, { isPatient: true })).toBe(5000);
  });

  it('counts the TTL from the moment the last acknowledged request was sent', () => {
    const { state } = run([
      [0, { kind: 'needed' }],
      [900, opened(100)],
    ]);
    expect(expiryOf(state)).toBe(9100);
  });

  it('is late once, however many renewals fail, and acknowledged when one succeeds', () => {
    const { state, signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [3000, failed],
      [3200, failed],
      [3400, failed],
      [3600, renewed(3500)],
    ]);
    expect(signals).toEqual(['up', 'late', 'acknowledged']);
    expect(state.phase).toBe('alive');
  });

  it('does not expire after two failed renewals', () => {
    const { signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [4000, failed],
      [7000, failed],
      [8900, renewed(8800)],
    ]);
    expect(signals).not.toContain('expired');
  });

  it('expires once when a whole TTL has passed, and is up again with one renewal of the same session', () => {
    const late = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [3000, failed],
      [9000, { kind: 'clock' }],
      [9100, failed],
      [9500, { kind: 'clock' }],
    ]);
    expect(late.signals).toEqual(['up', 'late', 'expired']);
    expect(planSession(late.state).kind).toBe('renew');
    const back = run([[12_000, renewed(11_990)]], late.state);
    expect(back.signals).toEqual(['up']);
  });

  it('expires with a failure that is reported after the deadline, without a clock event', () => {
    const { signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [14_400, failed],
    ]);
    expect(signals).toEqual(['up', 'late', 'expired']);
  });

  it('opens another session when the registry reports that this one is gone', () => {
    const { state, signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [3000, { kind: 'gone' }],
    ]);
    expect(signals).toEqual(['up', 'gone']);
    expect(planSession(state)).toEqual({ kind: 'open', at: 3000 });
  });

  it('signals a loss once', () => {
    const { signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [9000, { kind: 'clock' }],
      [9500, { kind: 'gone' }],
      [9600, opened(9550)],
    ]);
    expect(signals).toEqual(['up', 'expired', 'up']);
  });

  it('waits half a second between two openings when the registry drops sessions at once', () => {
    const { state } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [10, { kind: 'gone' }],
    ]);
    expect(planSession(state)).toEqual({ kind: 'open', at: 500 });
  });

  it('retries opening without limit', () => {
    const events = Array.from({ length: 10_000 }, (_, n): readonly [number, SessionEvent] => [
      n * 100,
      failed,
    ]);
    const { state, signals } = run([[0, { kind: 'needed' }], ...events]);
    expect(signals).toEqual([]);
    expect(planSession(state).kind).toBe('open');
  });

  it('ignores events once it has ended', () => {
    const { state, signals } = run([
      [0, { kind: 'needed' }],
      [0, opened(0)],
      [1, { kind: 'ended' }],
      [2, { kind: 'gone' }],
      [3, { kind: 'needed' }],
      [4, opened(4)],
    ]);
    expect(signals).toEqual(['up']);
    expect(planSession(state)).toEqual({ kind: 'idle' });
  });
});
