import { type ClientProxy, ClientProxyFactory } from '@nestjs/microservices';
import { createServer, type Socket } from 'node:net';
import { firstValueFrom, lastValueFrom, timeout, toArray } from 'rxjs';
import { ConnectionLostError, tcpService, type TcpServiceOptions } from '../../../lib/microservices/index.js';
import { type PilotedModuleOptions } from '../../../lib/index.js';
import { createTlsSet } from '../../harness/certificates.js';
import { freePorts } from '../../harness/ports.js';
import { monotonic, sleep, until } from '../../harness/wait.js';
import { createWorld, type Hero, type Server, startServer, tcpOptions, type World } from './support.js';

describe('tcpService', () => {
  let world: World;
  let client: ClientProxy;
  const servers: { close(): unknown }[] = [];
  const statuses: string[] = [];

  async function open(options?: TcpServiceOptions, piloted?: PilotedModuleOptions): Promise<void> {
    world = await createWorld(piloted);
    client = ClientProxyFactory.create(tcpService(world.handle, options));
    client.status.subscribe((status) => statuses.push(status));
  }
  const call = async (mode = ''): Promise<string> =>
    (await firstValueFrom(client.send<Hero>('find', { mode }).pipe(timeout(60_000)))).instance;
  const calls = async (count: number): Promise<string[]> => {
    const seen = [];
    for (let n = 0; n < count; n += 1) seen.push(await call());
    return seen.sort();
  };
  const start = async (id: string, more: object = {}, on?: number): Promise<Server> => {
    const server = await startServer(id, tcpOptions(more), on);
    servers.push(server);
    return server;
  };
  /** A server of raw TCP. */
  const raw = async (onSocket: (socket: Socket) => void): Promise<{ id: string; port: number }> => {
    const [port] = (await freePorts(1)) as [number];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    servers.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return { id: 'raw', port };
  };
  const gone = async (): Promise<void> => {
    await until('the list to be empty', () => world.handle.endpoints.length === 0);
  };

  afterEach(async () => {
    client.close();
    statuses.length = 0;
    await world.close();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it('ejects no instance for a handler that fails on every instance', async () => {
    await open();
    await world.announce([await start('one'), await start('two')]);
    for (let n = 0; n < 40; n += 1) await expect(call('fail')).rejects.toBeDefined();
    expect(world.handle.candidates).toHaveLength(2);
  });

  it('sends each message to the next instance and follows the list', async () => {
    await open();
    const [one, two] = [await start('one'), await start('two')];
    const [first] = await world.announce([one, two]);
    expect(await calls(4)).toEqual(['one', 'one', 'two', 'two']);
    await first!.stop();
    await until('the list to follow', () => world.handle.endpoints.length === 1);
    expect(await calls(2)).toEqual(['two', 'two']);
    // The socket of the withdrawn instance is closed: its server ends without it.
    await one.close();
  });

  it('fails without an instance with the reason', async () => {
    await open();
    await expect(call()).rejects.toMatchObject({ code: 'SIDEKICK_NO_ENDPOINTS', reason: 'empty' });
    await expect(lastValueFrom(client.emit('happened', 'x'))).rejects.toMatchObject({
      code: 'SIDEKICK_NO_ENDPOINTS',
    });
  });

  it('answers with every value of a stream, and with the errors of a handler', async () => {
    await open();
    await world.announce([await start('one')]);
    const heroes = await lastValueFrom(client.send<Hero>('many', { count: 3 }).pipe(toArray()));
    expect(heroes.map(({ count }) => count)).toEqual([1, 2, 3]);
    await expect(call('unknown')).rejects.toEqual({ status: 'error', message: 'just a string' });
    expect(await call()).toBe('one');
  });

  it('reports its status, its events and its sockets as the client of Nest does', async () => {
    await open();
    expect(() => client.unwrap()).toThrow('Not initialized. Please call the "connect" method first.');
    const events: string[] = [];
    client.on('connect' as never, (() => events.push('connect')) as never);
    client.on('close' as never, (() => events.push('close')) as never);
    const server = await start('one');
    await world.announce([server]);
    await client.connect();
    expect(events).toEqual(['connect']);
    expect(client.unwrap<Socket[]>().map((socket) => socket.remotePort)).toEqual([server.port]);
    await server.close();
    await until('the events of the closed socket', () => events.includes('close'));
    expect(statuses).toEqual(['connected', 'disconnected']);
    servers.splice(0);
    await start('again', {}, server.port);
    expect(await call()).toBe('again');
    expect(statuses.at(-1)).toBe('connected');
    client.close();
    expect(statuses.at(-1)).toBe('disconnected');
    // As with Nest's client, a message after close() connects again.
    expect(await call()).toBe('again');
  });

  it('sends a message to another instance when one cannot be reached', async () => {
    await open();
    const [port] = (await freePorts(1)) as [number];
    await world.announce([await start('one'), { id: 'dead', port }]);
    expect(await calls(6)).toEqual(Array(6).fill('one'));
  });

  it('fails with the error of the socket when none can be reached', async () => {
    await open();
    const ports = await freePorts(2);
    await world.announce(ports.map((port, index) => ({ id: `dead-${index}`, port })));
    await expect(call()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('fails a message whose instance closes the connection, and connects again', async () => {
    await open();
    let count = 0;
    await world.announce([
      await raw((socket) => {
        count += 1;
        socket.on('data', () => socket.destroy());
      }),
    ]);
    await expect(call()).rejects.toThrow(
      /^The instance "raw" of service "hero" \(127.0.0.1:\d+\) gave no answer/,
    );
    await expect(call()).rejects.toBeInstanceOf(ConnectionLostError);
    expect(count).toBe(2);
  });

  it('keeps the messages of a deregistered instance until they are answered', async () => {
    await open();
    const waiting: (() => void)[] = [];
    const [announced] = await world.announce([
      await raw((socket) => {
        socket.on('data', (data) => {
          const text = String(data);
          const { id } = JSON.parse(text.slice(text.indexOf('#') + 1)) as { id: string };
          const answer = JSON.stringify({ id, response: { instance: 'raw' }, isDisposed: true });
          waiting.push(() => socket.write(`${answer.length}#${answer}`));
        });
      }),
    ]);
    const answer = call();
    await until('the message to arrive', () => waiting.length === 1);
    await announced!.stop();
    await gone();
    expect(client.unwrap.bind(client)).toThrow();
    waiting[0]!();
    expect(await answer).toBe('raw');
  });

  it('drops a message that the caller gives up', async () => {
    await open();
    await world.announce([await start('one')]);
    await expect(firstValueFrom(client.send('find', { mode: 'never' }).pipe(timeout(50)))).rejects.toThrow(
      'Timeout',
    );
    expect(await call()).toBe('one');
  });

  it('emits only on a connected socket', async () => {
    await open();
    const [one, two] = [await start('one'), await start('two')];
    await world.announce([one, two]);
    expect(await calls(2)).toEqual(['one', 'two']);
    await one.close();
    // An event that the operating system takes before the end of the connection arrives is lost with any client.
    await until('the end of the connection to arrive', () => client.unwrap<Socket[]>().length === 1);
    for (let n = 0; n < 10; n += 1)
      await lastValueFrom(client.emit('happened', `event ${n}`), { defaultValue: 0 });
    await until(
      'all events to arrive',
      () => two.handled.filter((what) => what.startsWith('event')).length === 10,
    );
  });

  it('fails the messages of one connection when an answer exceeds maxBufferSize', async () => {
    await open({ maxBufferSize: 1_000 });
    await world.announce([await start('one')]);
    const pending = call('never');
    pending.catch(() => undefined);
    await sleep(50);
    await expect(firstValueFrom(client.send('large', {}))).rejects.toThrow(
      /The packet length \(\d+\) exceeds/,
    );
    await expect(pending).rejects.toBeInstanceOf(ConnectionLostError);
    expect(await call()).toBe('one');
  });

  it('calls a named port, and fails when no instance has it', async () => {
    await open({ port: 'tcp' });
    const server = await start('one');
    await world.announce([{ id: 'one', port: 1 }], { ports: { tcp: server.port } });
    expect(await call()).toBe('one');
    client.close();
    client = ClientProxyFactory.create(tcpService(world.handle, { port: 'other' }));
    await expect(call()).rejects.toThrow('to have a port named "other"');
  });

  it('connects with TLS to the name of the service', async () => {
    const tls = await createTlsSet({ hosts: ['hero'] });
    const { cert, key } = tls.authority.issue({ commonName: 'hero', hosts: ['hero'] });
    await open({ tlsOptions: { ca: tls.authority.pem } });
    await world.announce([await start('one', { tlsOptions: { cert, key } })]);
    expect(await call()).toBe('one');
    client.close();
    client = ClientProxyFactory.create(
      tcpService(world.handle, { tlsOptions: { ca: tls.authority.pem, servername: 'villain' } }),
    );
    await expect(call()).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    await expect(lastValueFrom(client.emit('happened', 'x'))).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    await tls.remove();
  });

  it('ejects an instance that closes every connection, and takes it back', async () => {
    await open({}, { services: [{ name: 'hero', outlierDetection: { baseEjectionTime: 1 }, retry: false }] });
    const hits: number[] = [];
    let calledAgain = (): void => undefined;
    const sixth = new Promise<void>((resolve) => (calledAgain = resolve));
    const good = await start('good');
    // Closes each connection at its first message until it is ejected, and is silent later.
    const proxy = await raw((socket) => {
      socket.once('data', () => {
        hits.push(monotonic());
        if (hits.length <= 5) socket.destroy();
        else calledAgain();
      });
    });
    await world.announce([good, { id: 'bad', port: proxy.port }]);
    let failed = 0;
    await until('the instance to be called again', async () => {
      await Promise.race([call().catch(() => (failed += 1)), sixth]);
      return hits.length > 5;
    });
    expect(failed).toBe(5);
    // The time of an ejection, on a clock of another origin.
    expect(hits[5]! - hits[4]!).toBeGreaterThan(990);
  });
});
