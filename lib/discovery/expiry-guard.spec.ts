import { VirtualClock } from '../testing/virtual-clock.js';
import { ExpiryGuard } from './expiry-guard.js';

describe('ExpiryGuard', () => {
  let clock: VirtualClock;
  let guard: ExpiryGuard;

  beforeEach(() => {
    clock = new VirtualClock();
    guard = new ExpiryGuard({}, clock);
  });

  it('suspects expiries beyond the threshold', () => {
    expect(guard.suspects(15, 100)).toBe(false);
    expect(guard.suspects(1, 85)).toBe(true);
  });

  it('suspects all expiries of one burst', () => {
    expect(guard.suspects(16, 100)).toBe(true);
  });

  it('forgets expiries older than the window', async () => {
    expect(guard.suspects(15, 100)).toBe(false);
    await clock.advance(10_000);
    expect(guard.suspects(12, 85)).toBe(false);
  });

  it('always lets one endpoint expire, however small the service', () => {
    expect(guard.suspects(1, 2)).toBe(false);
    expect(guard.suspects(1, 1)).toBe(true);
  });

  it('never suspects zero expiries', () => {
    for (let call = 0; call < 100; call++) expect(guard.suspects(0, 0)).toBe(false);
  });
});
