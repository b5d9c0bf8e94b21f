import { type ClientProxy, ClientsModule } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { DiscoveryService } from '../../../lib/index.js';
import { tcpService } from '../../../lib/microservices/index.js';
import { until } from '../../harness/wait.js';
import { createWorld, type Hero, type Server, startServer, tcpOptions, type World } from './support.js';

describe('tcpService', () => {
  let world: World;
  const servers: Server[] = [];
  const client = (): ClientProxy => world.app.get<ClientProxy>('HERO');
  const call = async (mode = ''): Promise<string> =>
    (await firstValueFrom(client().send<Hero>('find', { mode }))).instance;
  const start = async (id: string, on?: number): Promise<Server> => {
    const server = await startServer(id, tcpOptions(), on);
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    world = await createWorld({}, [
      ClientsModule.registerAsync([
        {
          name: 'HERO',
          inject: [DiscoveryService],
          useFactory: (discovery: DiscoveryService) => tcpService(discovery.of('hero')),
        },
      ]),
    ]);
  });
  afterEach(async () => {
    await world.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('sends each message to the next instance and follows the list', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const [first] = await world.announce([one, two]);
    const seen = [];
    for (let n = 0; n < 4; n += 1) seen.push(await call());
    expect(seen.sort()).toEqual(['one', 'one', 'two', 'two']);
    await first!.stop();
    await until('the list to follow', () => world.handle.endpoints.length === 1);
    expect([await call(), await call()]).toEqual(['two', 'two']);
    // The socket of the withdrawn instance is closed: the server ends without it.
    await one.close();
  });

  it('fails without an instance with the reason', async () => {
    await expect(call()).rejects.toMatchObject({ code: 'SIDEKICK_NO_ENDPOINTS', reason: 'empty' });
  });

  it('answers with every value of a stream', async () => {
    await world.announce([await start('one')]);
    const counts: number[] = [];
    await client()
      .send<Hero>('many', { count: 3 })
      .forEach(({ count }) => counts.push(count));
    expect(counts).toEqual([1, 2, 3]);
  });
});
