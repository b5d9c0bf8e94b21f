import { type RegistrationEvent } from '../../../lib/registration/registration-status.js';
import { LocalRegistrar } from '../../../lib/registration/local-registrar.js';
import { clockTicker } from '../../../lib/registration/ticker.js';
import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { registrySource } from '../../../lib/registries/registry-url.js';
import { type EtcdCluster, startEtcd } from '../../harness/etcd.js';
import { TcpProxy } from '../../harness/proxy.js';
import { monotonic, until } from '../../harness/wait.js';

/** Seconds, and milliseconds: a renewal takes more than the half second that a member is usually given. */
const TTL = 6;
const ONE_WAY_MS = 300;

describe('the heartbeat at a round trip of 600 ms from etcd', () => {
  let etcd: EtcdCluster;
  let proxy: TcpProxy;

  beforeAll(async () => {
    etcd = await startEtcd();
    proxy = await TcpProxy.to(etcd.members[0]!);
  });
  afterAll(async () => {
    await proxy.stop();
    await etcd.stop();
  });

  it('loses nothing', async () => {
    const deps = { clock: systemClock, random: Math.random, logger: silentLogger };
    const registry = await registrySource(`etcd://${proxy.endpoint}`, {}).open(deps);
    // The connection takes two round trips more, which leaves a busy machine no time for the first request.
    await registry.list({ kind: 'key', key: '/slow' }, new AbortController().signal);
    proxy.delay(ONE_WAY_MS);
    const keeper = new LocalRegistrar({ ...deps, registry, ticker: clockTicker(systemClock), name: 'spec' });
    const events: RegistrationEvent[] = [];
    keeper.onEvent((event) => events.push(event));
    try {
      const options = { ttl: TTL, updateInterval: 8, exclusive: false };
      const { first } = await keeper.register(
        '/slow',
        () => ({ kind: 'key', key: '/slow', value: 'v' }),
        options,
      );
      await first;
      const from = monotonic();
      await until('two TTLs', () => monotonic() - from > 2 * TTL * 1_000);
      expect(events[0]).toEqual({ type: 'alive', key: '/slow' });
      // On a busy machine a renewal may be late.
      expect(events.map(({ type }) => type)).not.toContain('lost');
      expect(await etcd.get('/slow')).toBe('v');
    } finally {
      await keeper.close();
      await registry.close();
    }
  });
});
