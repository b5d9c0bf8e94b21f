import { type ClientGrpc, ClientsModule } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { grpcService } from '../../../lib/grpc/index.js';
import { DiscoveryService } from '../../../lib/index.js';
import { until } from '../../harness/wait.js';
import {
  createWorld,
  grpcOptions,
  type HeroService,
  PROTO,
  type Server,
  startServer,
  type World,
} from './support.js';

describe('grpcService', () => {
  let world: World;
  const servers: Server[] = [];
  const service = (): HeroService => world.app.get<ClientGrpc>('HERO').getService<HeroService>('HeroService');
  const call = async (mode = ''): Promise<string> =>
    (await firstValueFrom(service().findOne({ mode }))).instance;
  const start = async (id: string, on?: number): Promise<Server> => {
    const server = await startServer(id, grpcOptions(), on);
    servers.push(server);
    return server;
  };

  beforeEach(async () => {
    world = await createWorld({}, [
      ClientsModule.registerAsync([
        {
          name: 'HERO',
          inject: [DiscoveryService],
          useFactory: (discovery: DiscoveryService) =>
            grpcService(discovery.of('hero'), { package: 'hero', protoPath: PROTO }),
        },
      ]),
    ]);
  });
  afterEach(async () => {
    await world.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('distributes calls over the instances and follows the list', async () => {
    const [one, two] = [await start('one'), await start('two')];
    const [first] = await world.announce([one, two]);
    await until('both to be called', async () => {
      const seen = new Set<string>();
      for (let n = 0; n < 4; n += 1) seen.add(await call());
      return seen.size === 2;
    });
    await first!.stop();
    await until('the withdrawn instance not to be called', async () => {
      const seen = new Set<string>();
      for (let n = 0; n < 4; n += 1) seen.add(await call());
      return seen.size === 1 && seen.has('two');
    });
  });

  it('ends a call without an instance with UNAVAILABLE and the reason', async () => {
    for (let n = 0; n < 3; n += 1)
      await expect(call()).rejects.toMatchObject({
        code: 14,
        details: expect.stringContaining('Service "hero" has no endpoints') as string,
      });
    await world.announce([await start('one')]);
    await until('the new instance to be called', async () => (await call()) === 'one');
  });
});
