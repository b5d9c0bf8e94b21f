import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { TcpProxy } from '../../harness/proxy.js';
import { until } from '../../harness/wait.js';

describe('the proxy', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const open = new Set<Socket>();

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await TcpProxy.to(echo.address() as AddressInfo);
  });
  afterEach(async () => {
    for (const socket of open) socket.destroy();
    open.clear();
    await proxy.stop();
    echo.close();
    await once(echo, 'close');
  });

  class Client {
    received = '';
    closed = false;
    error: string | undefined;

    private constructor(readonly socket: Socket) {
      socket.on('data', (bytes: Buffer) => (this.received += bytes.toString()));
      socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
      socket.on('close', () => (this.closed = true));
    }

    static async open(): Promise<Client> {
      const socket = connect({ port: proxy.port, host: '127.0.0.1' });
      open.add(socket);
      const client = new Client(socket);
      await once(socket, 'connect');
      return client;
    }

    async gets(text: string): Promise<void> {
      await until(`"${text}"`, () => this.received === text);
    }
  }

  it('passes bytes both ways and counts them', async () => {
    const client = await Client.open();
    client.socket.write('hello');
    await client.gets('hello');
    expect(proxy.counts).toEqual({ connections: 1, bytesUp: 5, bytesDown: 5 });
    client.socket.end();
    await until('the connection to be forgotten', () => proxy.openConnections === 0);
    expect(client.error).toBeUndefined();
  });

  it('delays, keeping the order', async () => {
    const client = await Client.open();
    proxy.delay(200, 'down');
    const began = performance.now();
    client.socket.write('a');
    await until('the first byte to be on its way', () => proxy.counts.bytesDown === 1);
    client.socket.write('b');
    await client.gets('ab');
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  it('stalls, and delivers what it kept', async () => {
    const client = await Client.open();
    proxy.stall('down');
    client.socket.write('kept');
    await until('the answer to be held', () => proxy.counts.bytesDown === 4);
    expect(client.received).toBe('');
    proxy.pass();
    await client.gets('kept');
    expect(client.closed).toBe(false);
  });

  it('swallows, and resets what has lost bytes when it passes again', async () => {
    const untouched = await Client.open();
    const client = await Client.open();
    proxy.swallow('up');
    client.socket.write('lost');
    await until('the bytes to be taken', () => proxy.counts.bytesUp === 4);
    const late = await Client.open();
    late.socket.write('lost too');
    await until('the bytes to be taken', () => proxy.counts.bytesUp === 12);
    expect([client.closed, late.closed, proxy.counts.bytesDown]).toEqual([false, false, 0]);
    proxy.pass();
    await until('the two to be reset', () => client.error === 'ECONNRESET' && late.error === 'ECONNRESET');
    untouched.socket.write('fine');
    await untouched.gets('fine');
  });

  it('delivers late what it kept, and nothing of what came since', async () => {
    const client = await Client.open();
    proxy.stall('up');
    client.socket.write('late');
    await until('the bytes to be held', () => proxy.counts.bytesUp === 4);
    proxy.swallow('up');
    client.socket.write(' and lost');
    await until('the bytes to be taken', () => proxy.counts.bytesUp === 13);
    proxy.release();
    await client.gets('late');
    expect(proxy.counts.bytesDown).toBe(4);
  });

  it('drops old and new connections until it passes again', async () => {
    const client = await Client.open();
    client.socket.write('a');
    await client.gets('a');
    proxy.drop();
    await until('the reset', () => client.error === 'ECONNRESET');
    const refused = await Client.open().catch(() => undefined);
    if (refused) await until('the second reset', () => refused.closed);
    proxy.pass();
    const next = await Client.open();
    next.socket.write('b');
    await next.gets('b');
  });

  it('cuts once, at once or in the middle of an answer', async () => {
    const first = await Client.open();
    first.socket.write('a');
    await first.gets('a');
    proxy.cut();
    await until('the reset', () => first.closed);
    const second = await Client.open();
    second.socket.write('b');
    await second.gets('b');
    proxy.cutAfter(3, 'down');
    second.socket.write('123456');
    await until('the reset', () => second.closed);
    expect('b123'.startsWith(second.received)).toBe(true);
  });

  it('breaks the client when the server is gone', async () => {
    proxy.retarget({ port: 1 });
    const client = await Client.open();
    await until('the end', () => client.closed);
  });
});
