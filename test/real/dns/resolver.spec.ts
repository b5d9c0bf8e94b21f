import { systemClock } from '../../../lib/common/clock.js';
import { silentLogger } from '../../../lib/common/logger.js';
import { type DnsMessage } from '../../../lib/registries/dns/message.js';
import { type queryOverTcp } from '../../../lib/registries/dns/query-over-tcp.js';
import { CompleteResolver } from '../../../lib/registries/dns/resolver.js';
import { startDns } from '../../harness/dns.js';

/** A resolver of `web.example.org`, whose queries over TCP are answered by `query`. */
async function resolverWith(query: typeof queryOverTcp, ...others: string[]) {
  const name = 'web.example.org';
  const data = { target: 'a.example.org', port: 80, priority: 0, weight: 1 };
  const server = await startDns(new Map([[name, [{ type: 'SRV', name, ttl: 60, data }]]]), { tcp: false });
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
  const resolver = new CompleteResolver([...others, server.address], systemClock, logger, query);
  const stop = async (): Promise<void> => {
    resolver.cancel();
    await server.stop();
  };
  return { name, resolver, warnings, stop };
}

describe('CompleteResolver', () => {
  it('skips TCP for a while where a firewall drops the packets of the connection', async () => {
    let queries = 0;
    // A fake: only a firewall drops packets.
    const { name, resolver, warnings, stop } = await resolverWith(() => {
      queries += 1;
      return new Promise(() => undefined);
    });
    for (let n = 0; n < 3; n++) expect(await resolver.resolveSrv(name)).toHaveLength(1);
    expect(queries).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('responds over UDP but not over TCP')]);
    await stop();
  });

  it('does not wait at each look-up for a name server that is down', async () => {
    const down = '127.0.0.1:1';
    const asked: string[] = [];
    // A fake: a loopback address refuses a connection at once, and a host that is down does not answer.
    const { name, resolver, warnings, stop } = await resolverWith(async (server) => {
      asked.push(server);
      if (server === down) return await new Promise(() => undefined);
      return { rcode: 0, truncated: false, srv: [], addresses: [] };
    }, down);
    for (let n = 0; n < 3; n++) expect(await resolver.resolveSrv(name)).toEqual([]);
    expect(asked.filter((server) => server === down)).toHaveLength(1);
    expect(asked).toHaveLength(4);
    expect(warnings).toEqual([]);
    await stop();
  });

  it('warns once of a truncated response, whatever the other responses are', async () => {
    const { name, resolver, warnings, stop } = await resolverWith(async (_server, queried) => {
      const truncated = queried === name;
      return await Promise.resolve<DnsMessage>({ rcode: 0, truncated, srv: [], addresses: [] });
    });
    for (let n = 0; n < 3; n++) {
      await resolver.resolveSrv(name);
      await resolver.resolveSrv('other.example.org');
    }
    expect(warnings).toEqual([expect.stringContaining(`response for ${name} is truncated even over TCP`)]);
    await stop();
  });
});
