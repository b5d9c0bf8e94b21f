import { jest } from '@jest/globals';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { type KeysPort } from './keys-port.js';
import { newLeaseId } from './lease-id.js';
import { KeyLeases, REVOKE_DELAY_MS } from './key-leases.js';

function setUp() {
  const clock = new VirtualClock();
  const revoke = jest.fn<KeysPort['revoke']>().mockResolvedValue(undefined);
  const timeToLive = jest.fn<KeysPort['timeToLive']>().mockResolvedValue({ ttl: 5, keys: 0 });
  const port = { revoke, timeToLive } as unknown as KeysPort;
  return { clock, revoke, timeToLive, keeper: new KeyLeases(port, clock, Math.random) };
}

const key = newLeaseId('key', () => 0.1);
const dir = newLeaseId('dir', () => 0.2);

describe('LeaseKeeper', () => {
  it('ends a released lease once watchers had their time to ask', async () => {
    const { clock, keeper, revoke } = setUp();
    keeper.release(key);
    await clock.advance(REVOKE_DELAY_MS - 1);
    expect(revoke).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(revoke).toHaveBeenCalledWith(key, undefined);
    expect(clock.pending).toBe(0);
  });

  it("never ends somebody else's", async () => {
    const { clock, keeper, revoke } = setUp();
    keeper.release('123456');
    keeper.release('0');
    expect(clock.pending).toBe(0);
    await keeper.close(AbortSignal.timeout(1_000));
    expect(revoke).not.toHaveBeenCalled();
  });

  it("ends a directory's only when nothing stands on it", async () => {
    const { clock, keeper, revoke, timeToLive } = setUp();
    timeToLive.mockResolvedValueOnce({ ttl: 5, keys: 1 });
    keeper.release(dir);
    await clock.advance(REVOKE_DELAY_MS);
    expect(revoke).not.toHaveBeenCalled();
    keeper.release(dir);
    await clock.advance(REVOKE_DELAY_MS);
    expect(revoke).toHaveBeenCalledWith(dir, undefined);
  });

  it('ends at once on close, keeps no timer, and shrugs at failures', async () => {
    const { clock, keeper, revoke } = setUp();
    revoke.mockRejectedValue(new Error('down'));
    keeper.release(key);
    await keeper.close(AbortSignal.timeout(1_000));
    expect(revoke).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
    keeper.release(key);
    expect(clock.pending).toBe(0);
  });
});
