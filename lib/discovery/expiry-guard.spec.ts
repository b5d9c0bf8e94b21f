import { VirtualClock } from '../testing/virtual-clock.js';
import { ExpiryGuard } from './expiry-guard.js';

describe('ExpiryGuard', () => {
  let clock: VirtualClock;
  let guard: ExpiryGuard;

  beforeEach(() => {
    clock = new VirtualClock();
    guard = new ExpiryGuard({}, clock);
  });

  it('lets up to the share go, and suspects what is beyond', () => {
    expect(guard.suspects(15, 100)).toBe(false);
    expect(guard.suspects(1, 85)).toBe(true);
  });

  it('suspects one burst as a whole', () => {
    expect(guard.suspects(16, 100)).toBe(true);
  });

  it('forgets what is older than the window', async () => {
    expect(guard.suspects(15, 100)).toBe(false);
    await clock.advance(10_000);
    expect(guard.suspects(12, 85)).toBe(false);
  });

  it('always lets one go, however small the service', () => {
    expect(guard.suspects(1, 2)).toBe(false);
    expect(guard.suspects(1, 1)).toBe(true);
  });

  it('has nothing to say about nothing', () => {
    for (let call = 0; call < 100; call++) expect(guard.suspects(0, 0)).toBe(false);
  });
});
