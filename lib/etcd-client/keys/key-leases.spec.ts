import { jest } from '@jest/globals';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type KeysPort, MAX_CONCURRENT_LEASE_REQUESTS } from './keys-port.js';
import { newLeaseId } from './lease-id.js';
import { KeyLeases, REVOKE_DELAY_MS } from './key-leases.js';

function setUp() {
  const clock = new VirtualClock();
  const revoke = jest.fn<KeysPort['revoke']>().mockResolvedValue(undefined);
  const timeToLive = jest.fn<KeysPort['timeToLive']>().mockResolvedValue({ ttl: 5, keys: 0 });
  const port = { revoke, timeToLive } as unknown as KeysPort;
  return { clock, revoke, timeToLive, leases: new KeyLeases(port, clock, Math.random) };
}

const key = newLeaseId('key', () => 0.1);
const dir = newLeaseId('dir', () => 0.2);

describe('LeaseKeeper', () => {
  it('revokes a released lease after the delay for watchers', async () => {
    const { clock, leases, revoke } = setUp();
    leases.release(key);
    await clock.advance(REVOKE_DELAY_MS - 1);
    expect(revoke).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(revoke).toHaveBeenCalledWith(key, undefined);
    expect(clock.pending).toBe(0);
  });

  it('never revokes a lease that the keys API did not grant', async () => {
    const { clock, leases, revoke } = setUp();
    leases.release('123456');
    leases.release('0');
    expect(clock.pending).toBe(0);
    await leases.close(AbortSignal.timeout(1_000));
    expect(revoke).not.toHaveBeenCalled();
  });

  it("revokes a directory's lease only if no key is bound to it", async () => {
    const { clock, leases, revoke, timeToLive } = setUp();
    timeToLive.mockResolvedValueOnce({ ttl: 5, keys: 1 });
    leases.release(dir);
    await clock.advance(REVOKE_DELAY_MS);
    expect(revoke).not.toHaveBeenCalled();
    leases.release(dir);
    await clock.advance(REVOKE_DELAY_MS);
    expect(revoke).toHaveBeenCalledWith(dir, undefined);
  });

  it('revokes the leases of a large directory a few at a time', async () => {
    const { clock, leases, revoke } = setUp();
    let [running, most] = [0, 0];
    revoke.mockImplementation(async () => {
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
    });
    for (let n = 0; n < 100; n++) leases.release(newLeaseId('key', () => n / 100));
    await clock.advance(REVOKE_DELAY_MS);
    await leases.close(AbortSignal.timeout(60_000));
    while (running > 0) await new Promise(setImmediate);
    expect(most).toBe(MAX_CONCURRENT_LEASE_REQUESTS);
    expect(revoke).toHaveBeenCalledTimes(100);
  });

  it('revokes at once on close, leaves no timer, and ignores failures', async () => {
    const { clock, leases, revoke } = setUp();
    revoke.mockRejectedValue(new Error('down'));
    leases.release(key);
    await leases.close(AbortSignal.timeout(1_000));
    expect(revoke).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
    leases.release(key);
    expect(clock.pending).toBe(0);
  });
});
