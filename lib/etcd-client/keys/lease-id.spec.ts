import { hasLease, leaseKind, newLeaseId } from './lease-id.js';

describe('lease ids', () => {
  it.each(['key', 'refresh', 'dir'] as const)('contain their kind: %s', (kind) => {
    for (const random of [() => 0, Math.random, () => 1 - Number.EPSILON]) {
      const id = newLeaseId(kind, random);
      expect(leaseKind(id)).toBe(kind);
      expect(BigInt(id) < 1n << 63n).toBe(true);
    }
  });

  it('have no kind if the keys API did not grant them', () => {
    for (const id of ['0', '1', '7587886594287543300', '-1']) expect(leaseKind(id)).toBeUndefined();
  });

  it('are not 0', () => {
    expect(hasLease('0')).toBe(false);
    expect(hasLease(newLeaseId('key', () => 0))).toBe(true);
  });
});
