import { inTurn } from '../../test/harness/in-memory/endpoints.js';
import { Controller, Get, Param, Query, type INestApplication } from '@nestjs/common';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { type AddressInfo } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import { type Endpoint } from '../discovery/endpoint.js';
import { PilotedModule } from './piloted.module.js';
import { type ServiceHandle } from './service-handle.js';
import { Service } from './service.decorator.js';
import { getServiceToken } from './piloted.tokens.js';
import { memory, type MemorySource } from '../registries/memory/memory.js';
import { Announcer } from '../../test/harness/in-memory/announcer.js';

const events: string[] = [];

@Controller()
class Gateway {
  constructor(@Service('web') private readonly web: ServiceHandle) {}

  @Get('next')
  next(@Service('web') endpoint: Endpoint): unknown {
    return { id: endpoint.id, port: endpoint.port };
  }

  @Get('two/:name')
  two(
    @Param('name') name: string,
    @Service('web') web: Endpoint,
    @Query('q') query: string,
    @Service('api') api: Endpoint,
  ): unknown {
    return { name, query, web: web.id, api: api.id };
  }

  @Get('handle')
  handle(): unknown {
    return { id: this.web.pick().id };
  }

  @Get('absent')
  absent(@Service('absent') endpoint: Endpoint): unknown {
    return endpoint;
  }

  @MessagePattern('next')
  message(@Payload() payload: string, @Service('web') endpoint: Endpoint): unknown {
    return { payload, id: endpoint.id };
  }

  @EventPattern('notify')
  notify(@Service('api') endpoint: Endpoint): void {
    events.push(endpoint.id);
  }
}

@WebSocketGateway()
class Socket {
  @SubscribeMessage('next')
  next(@Service('web') endpoint: Endpoint): unknown {
    return { event: 'endpoint', data: endpoint.id };
  }
}

describe('@Service on handler parameters', () => {
  let source: MemorySource;
  let web: Announcer;
  let api: Announcer;
  let app: INestApplication | undefined;
  let url: string;

  beforeEach(async () => {
    source = memory();
    web = await Announcer.on(source);
    api = await Announcer.on(source, 'api');
    await web.announce('a', 'b', 'c');
    await api.announce('x');
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await web.end();
    await api.end();
  });

  async function start(
    prepare: (app: INestApplication) => void = () => undefined,
    override?: { readonly pick: () => unknown },
  ): Promise<void> {
    const builder = Test.createTestingModule({
      imports: [PilotedModule.forRoot({ registry: source })],
      controllers: [Gateway],
      providers: [Socket],
    });
    if (override) builder.overrideProvider(getServiceToken('web')).useValue(override);
    app = (await builder.compile()).createNestApplication({ logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    prepare(app);
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }

  async function get(path: string): Promise<readonly [number, unknown]> {
    const response = await fetch(`${url}${path}`);
    return [response.status, await response.json()];
  }

  it('gives each request the next endpoint', async () => {
    await start();
    const ids: string[] = [];
    for (let call = 0; call < 6; call++) {
      const [, body] = await get('/next');
      ids.push((body as Endpoint).id);
    }
    expect(ids).toEqual(inTurn(['a', 'b', 'c'], ids[0], 6));
  });

  it('works beside other parameters and beside the injected handle', async () => {
    await start();
    const [status, answer] = await get('/two/n?q=1');
    const { web: first } = answer as { web: string };
    expect([status, answer]).toEqual([200, { name: 'n', query: '1', web: first, api: 'x' }]);
    expect(await get('/handle')).toEqual([200, { id: inTurn(['a', 'b', 'c'], first, 2)[1] }]);
  });

  it('is not changed by global pipes', async () => {
    await start((made) => {
      made.useGlobalPipes({
        transform: (value: unknown) => (typeof value === 'string' ? value.toUpperCase() : value),
      });
    });
    const [status, { id, port }] = (await get('/next')) as [number, Endpoint];
    expect([status, typeof port]).toEqual([200, 'number']);
    expect(id).toMatch(/^[abc]$/);
  });

  it('answers 503 when there is no endpoint', async () => {
    await start();
    expect(await get('/absent')).toEqual([503, { statusCode: 503, message: 'Service Unavailable' }]);
  });

  it('uses the handle that a test provides by its token', async () => {
    await start(undefined, { pick: () => ({ id: 'fake', port: 1 }) });
    expect(await get('/next')).toEqual([200, { id: 'fake', port: 1 }]);
    expect(await get('/handle')).toEqual([200, { id: 'fake' }]);
  });

  it('works in message and event handlers', async () => {
    await start((made) => {
      made.connectMicroservice({ transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } });
    });
    await app!.startAllMicroservices();
    const [microservice] = app!.getMicroservices();
    const server = microservice!.unwrap<{ address(): AddressInfo }>();
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: server.address().port },
    });
    const first = await firstValueFrom(client.send<{ id: string }>('next', 'p1'));
    expect(first).toEqual({ payload: 'p1', id: first.id });
    const [, id] = inTurn(['a', 'b', 'c'], first.id, 2);
    expect(await firstValueFrom(client.send('next', 'p2'))).toEqual({ payload: 'p2', id });
    await firstValueFrom(client.emit('notify', {}), { defaultValue: undefined });
    await firstValueFrom(client.send('next', 'p3'));
    expect(events).toEqual(['x']);
    await client.close();
  });
  it('works in WebSocket handlers', async () => {
    await start();
    const socket = new WebSocket(url.replace('http', 'ws'));
    const answers: string[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        socket.send('{"event":"next"}');
        socket.send('{"event":"next"}');
      });
      socket.on('message', (message: Buffer) => {
        answers.push(message.toString());
        if (answers.length === 2) resolve();
      });
    });
    socket.close();
    const ids = answers.map((answer) => (JSON.parse(answer) as { data: string }).data);
    expect(ids).toEqual(inTurn(['a', 'b', 'c'], ids[0], 2));
    expect(answers[0]).toBe(`{"event":"endpoint","data":"${ids[0]}"}`);
  });
});
