import { type Resolver } from 'node:dns/promises';
import { silentLogger } from '../../common/logger.js';
import { VirtualClock } from '../../testing/virtual-clock.js';
import { CompleteResolver, SERVERS_INTERVAL_MS } from './resolver.js';

describe('CompleteResolver', () => {
  let clock: VirtualClock;
  /** The name servers of the machine: a fake, since its resolv.conf is not the test's. */
  let servers: string[];
  let given: string[];
  let asked: string[];
  let cancelled: string[];
  let lines: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    servers = ['10.0.0.1', '10.0.0.2'];
    given = [];
    [asked, cancelled, lines] = [[], [], []];
  });

  function open(): Resolver {
    let own = servers;
    const resolver: Partial<Resolver> = {
      getServers: () => [...own],
      setServers: (list) => (own = [...list]),
      cancel: () => void cancelled.push(own.join()),
    };
    return resolver as Resolver;
  }

  function make(): CompleteResolver {
    const logger = { ...silentLogger, log: (line: string) => void lines.push(line) };
    return new CompleteResolver(
      given,
      clock,
      logger,
      async (server) => {
        asked.push(server);
        return await Promise.resolve({ rcode: 0, truncated: false, srv: [], addresses: [] });
      },
      open,
    );
  }

  it('follows the name servers of the machine, and says so', async () => {
    const resolver = make();
    await resolver.resolveSrv('web');
    servers = ['10.9.9.9'];
    await resolver.resolveSrv('web');
    await clock.advance(SERVERS_INTERVAL_MS);
    await resolver.resolveSrv('web');
    await resolver.resolveSrv('web');
    expect(asked).toEqual(['10.0.0.1', '10.0.0.1', '10.9.9.9', '10.9.9.9']);
    expect(lines).toEqual([
      'The name servers of this machine were 10.0.0.1, 10.0.0.2 and are 10.9.9.9 now; the dns: registry uses these.',
    ]);
    // The queries to the former ones end by themselves, or with the registry.
    expect(cancelled).toEqual([]);
    resolver.cancel();
    expect(cancelled).toEqual(['10.0.0.1,10.0.0.2', '10.9.9.9']);
  });

  it('keeps its resolver while the name servers are the same', async () => {
    const resolver = make();
    for (let n = 0; n < 3; n += 1) {
      await resolver.resolveSrv('web');
      await clock.advance(SERVERS_INTERVAL_MS);
    }
    resolver.cancel();
    expect([cancelled, lines]).toEqual([['10.0.0.1,10.0.0.2'], []]);
  });

  it('keeps the name servers that were given', async () => {
    given = ['10.1.1.1'];
    const resolver = make();
    await clock.advance(SERVERS_INTERVAL_MS);
    servers = ['10.9.9.9'];
    await resolver.resolveSrv('web');
    expect([asked, lines]).toEqual([['10.1.1.1'], []]);
    resolver.cancel();
  });
});
