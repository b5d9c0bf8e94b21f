import { hasLease, leaseKind, newLeaseId } from './lease-id.js';

describe('lease numbers', () => {
  it.each(['key', 'refresh', 'dir'] as const)('say what they are for: %s', (kind) => {
    for (const random of [() => 0, Math.random, () => 1 - Number.EPSILON]) {
      const id = newLeaseId(kind, random);
      expect(leaseKind(id)).toBe(kind);
      expect(BigInt(id) < 1n << 63n).toBe(true);
    }
  });

  it('leave those of others alone', () => {
    for (const id of ['0', '1', '7587886594287543300', '-1']) expect(leaseKind(id)).toBeUndefined();
  });

  it('are not 0', () => {
    expect(hasLease('0')).toBe(false);
    expect(hasLease(newLeaseId('key', () => 0))).toBe(true);
  });
});
