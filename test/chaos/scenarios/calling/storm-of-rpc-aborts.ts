import { Metadata } from '@grpc/grpc-js';
import { type ClientGrpc, type ClientProxy, ClientProxyFactory } from '@nestjs/microservices';
import net from 'node:net';
import { lastValueFrom, type Observable, take, timeout } from 'rxjs';
import { grpcService } from '../../../../lib/grpc/index.js';
import { tcpService } from '../../../../lib/microservices/index.js';
import { type Random } from '../../../../lib/common/random.js';
import { freePorts } from '../../../harness/ports.js';
import { monotonic, until } from '../../../harness/wait.js';
import {
  createWorld,
  grpcOptions,
  type HeroService,
  PROTO,
  startServer,
  tcpOptions,
  type World,
} from '../../../real/rpc/support.js';
import { between, pickOne } from '../../random.js';
import { type Finding } from '../../validators/finding.js';
import { type Scenario } from '../scenario.js';
import { type Stage } from '../stage.js';

const CALLERS = 64;

/** Calls of each client. */
const CALLS = { full: 100_000, share: 1_000 };

/** One call that ends somehow. */
type CallOnce = () => Observable<unknown>;

interface Client {
  readonly call: CallOnce;
  close(): void;
}

/** Calls by gRPC and TCP that end in every way there is, many at a time. */
export const stormOfRpcAborts: Scenario = {
  name: 'storm-of-rpc-aborts',
  alone: true,
  promise:
    'After any number of calls by gRPC and TCP with random aborts, deadlines, errors and resets no call is counted as under way',

  async run(stage, { kills }) {
    const calls = kills >= 50 ? CALLS.full : CALLS.share;
    return [
      ...(await stormOf('grpc', stage, calls, grpcOptions(), grpcClient)),
      ...(await stormOf('tcp', stage, calls, tcpOptions(), tcpClient)),
    ];
  },
};

async function stormOf(
  who: string,
  stage: Stage,
  calls: number,
  options: ReturnType<typeof grpcOptions>,
  connect: (world: World, random: Random) => Client,
): Promise<Finding[]> {
  const { random } = stage;
  const world = await createWorld({ services: [{ name: 'hero', outlierDetection: false }] });
  const server = await startServer('well', options);
  const breaking = await BreakingProxy.listen(server.port, random);
  const [dead] = (await freePorts(1)) as [number];
  await world.announce([server, { id: 'breaking', port: breaking.port }, { id: 'dead', port: dead }]);
  const client = connect(world, random);
  const ends: Record<string, number> = {};
  try {
    await until('the first answer', async () => (await endOf(client.call(), 1_000)) === 'answered');
    let left = calls;
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (left-- > 0) {
          const end = await endOf(client.call(), between(random, 1, 60));
          ends[end] = (ends[end] ?? 0) + 1;
        }
      }),
    );
    for (const [end, count] of Object.entries(ends)) stage.figures[`calls by ${who}, ${end}`] = count;
    const inFlight = (): number =>
      world.handle.endpoints.reduce((sum, endpoint) => sum + world.handle.statusOf(endpoint).inFlight, 0);
    await until('every call to be ended', () => inFlight() === 0, { deadline: 15_000 }).catch(
      () => undefined,
    );
    const text = `Expected no call under way, found ${inFlight()} of ${calls}.`;
    return inFlight() === 0 ? [] : [{ promise: 'every call ends', who, at: monotonic(), text }];
  } finally {
    client.close();
    await breaking.close();
    await world.close();
    await server.close();
  }
}

/** How a call ends that is given up after `ms`. */
async function endOf(call: Observable<unknown>, ms: number): Promise<string> {
  try {
    await lastValueFrom(call.pipe(timeout(ms)), { defaultValue: undefined });
    return 'answered';
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'given up' : 'failed';
  }
}

function grpcClient({ handle }: World, random: Random): Client {
  const client = ClientProxyFactory.create(
    grpcService(handle, { package: 'hero', protoPath: PROTO }),
  ) as unknown as ClientGrpc & { close(): void };
  const hero = client.getService<HeroService>('HeroService');
  const one = (mode: string) => (): Observable<unknown> =>
    hero.findOne({ mode }, new Metadata(), { deadline: Date.now() + between(random, 1, 60) });
  const kinds: CallOnce[] = [
    one(''),
    one('fail'),
    one('never'),
    () => hero.findMany({ count: 3 }),
    () => hero.findMany({ count: 3 }).pipe(take(1)),
  ];
  return { call: () => pickOne(random, kinds)(), close: () => client.close() };
}

function tcpClient({ handle }: World, random: Random): Client {
  const client: ClientProxy = ClientProxyFactory.create(tcpService(handle));
  const kinds: CallOnce[] = [
    () => client.send('find', {}),
    () => client.send('find', { mode: 'fail' }),
    () => client.send('find', { mode: 'never' }),
    () => client.send('many', { count: 3 }),
    () => client.send('many', { count: 3 }).pipe(take(1)),
    () => client.emit('happened', 'x'),
  ];
  return {
    call: () => pickOne(random, kinds)(),
    close: () => {
      client.close();
    },
  };
}

/** Passes bytes on to a server, and resets each connection after a random number of milliseconds. */
class BreakingProxy {
  private readonly sockets = new Set<net.Socket>();

  private constructor(private readonly server: net.Server) {}

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  static async listen(to: number, random: Random): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(net.createServer());
    proxy.server.on('connection', (socket) => {
      const onward = net.connect(to, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      const timer = setTimeout(() => socket.resetAndDestroy(), between(random, 1, 100));
      for (const each of [socket, onward]) {
        proxy.sockets.add(each);
        each.on('error', () => undefined);
        each.on('close', () => {
          clearTimeout(timer);
          proxy.sockets.delete(each);
          socket.destroy();
          onward.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => {
      proxy.server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
