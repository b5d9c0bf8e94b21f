import { InstancePool } from './instance-pool.js';
import { completeInstance, type Instance } from './instance.js';

function instance(id: string, version: string): Instance {
  return completeInstance({
    service: 'web',
    id,
    address: '10.0.0.1',
    port: 80,
    tags: ['a'],
    meta: { version },
    ports: { grpc: 81 },
    zone: 'z1',
  });
}

describe('InstancePool', () => {
  it('shares equal metadata and keeps everything else', () => {
    const pool = new InstancePool();
    const first = pool.share(instance('1', 'v1'), 2);
    const second = pool.share(instance('2', 'v1'), 2);
    const third = pool.share(instance('3', 'v2'), 2);
    expect(second).toEqual(instance('2', 'v1'));
    expect(Object.isFrozen(second)).toBe(true);
    expect(second.meta).toBe(first.meta);
    expect(second.tags).toBe(first.tags);
    expect(second.ports).toBe(first.ports);
    expect(third.meta).not.toBe(first.meta);
  });

  it('does not grow with the number of updates', () => {
    const pool = new InstancePool();
    for (let update = 0; update < 10_000; update++) pool.share(instance('1', `v${update}`), 1_000);
    expect((pool as unknown as { parts: Map<string, unknown> }).parts.size).toBeLessThanOrEqual(125);
  });

  it('keeps metadata that is used repeatedly', () => {
    const pool = new InstancePool();
    const first = pool.share(instance('1', 'stable'), 10);
    for (let update = 0; update < 1_000; update++) {
      pool.share(instance('2', `v${update}`), 10);
      expect(pool.share(instance('3', 'stable'), 10).meta).toBe(first.meta);
    }
  });
});
