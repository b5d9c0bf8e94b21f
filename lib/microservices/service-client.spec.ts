import { type ClientProxy, JsonSocket } from '@nestjs/microservices';
import net, { type AddressInfo } from 'node:net';
import { firstValueFrom, NEVER } from 'rxjs';
import { until } from '../../test/harness/wait.js';
import { type Call } from '../balancing/call.js';
import { deferred, type Deferred } from '../common/async/deferred.js';
import { ServiceCalls } from '../calling/service-calls.js';
import { systemClock } from '../common/clock.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { completeInstance } from '../registry/instance.js';
import { tcpService } from './tcp-service.js';

/** An address to which no connection opens. A real one cannot be silent on every machine. */
const SILENT = '192.0.2.1';

/** An address that refuses each connection. */
const REFUSING = '192.0.2.2';

class SilentSocket extends JsonSocket {
  override connect(port: number, host: string): this {
    if (host === REFUSING) this.netSocket.destroy(new Error('refused'));
    return host === SILENT || host === REFUSING ? this : super.connect(port, host);
  }
}

describe('ServiceClientTCP', () => {
  let ends: string[];
  let onStart: () => void;
  let warnings: string[];
  let client: ClientProxy;
  let server: net.Server;
  /** The wait for the first list; undefined when it is there. */
  let firstList: Deferred<void> | undefined;

  beforeEach(async () => {
    ends = [];
    onStart = () => undefined;
    warnings = [];
    firstList = undefined;
    server = net.createServer((socket) => socket.resume().on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  function make(...addresses: string[]): void {
    const { port } = server.address() as AddressInfo;
    const list = addresses.map((address, id) =>
      completeInstance({ service: 'hero', id: `i${id}`, address, port }),
    );
    const candidates = firstList ? [] : [...list];
    let next = 0;
    const target = {
      name: 'hero',
      revision: firstList ? 0 : 1,
      candidates,
      pick: () => {
        if (candidates.length === 0) throw new Error('no list');
        return candidates[next++ % candidates.length]!;
      },
      ready: async () => {
        await firstList?.promise;
        candidates.push(...list);
      },
      start: (): Call => {
        onStart();
        return { done: (_error, outcome) => void ends.push(String(outcome)) };
      },
    };
    const logger = {
      log: () => undefined,
      warn: (line: string) => void warnings.push(line),
      error: () => undefined,
    };
    const calls = new ServiceCalls(target, {
      service: 'hero',
      clock: systemClock,
      logger,
      applicationId: undefined,
    });
    const handle = { ...target, calls, changes: NEVER } as unknown as ServiceHandle;
    const { customClass, options } = tcpService(handle, { socketClass: SilentSocket });
    client = new (customClass as new (options: object) => ClientProxy)(options);
  }

  it.each(['emit', 'send'] as const)(
    'blames no instance when the packet of %s cannot be serialized',
    async (method) => {
      make('127.0.0.1');
      await expect(firstValueFrom(client[method]('x', { n: 1n }))).rejects.toThrow('BigInt');
      expect(ends).toEqual(['aborted']);
      expect(warnings).toEqual([]);
    },
  );

  it('connects to no further instance for a message that was under way when it was closed', async () => {
    make('127.0.0.1', SILENT);
    await client.connect();
    await firstValueFrom(client.emit('x', 1));
    // The next message waits for the connection to the silent instance.
    const failed = expect(firstValueFrom(client.send('x', 1))).rejects.toMatchObject({
      reason: 'client-closed',
    });
    await new Promise(setImmediate);
    await client.close();
    await failed;
    expect(ends).toEqual(['success', 'aborted']);
    const open = await new Promise<number>((resolve) => {
      server.getConnections((_error, count) => resolve(count));
    });
    expect(open).toBeLessThanOrEqual(1);
  });

  describe('without a list of the service', () => {
    beforeEach(() => {
      firstList = deferred();
    });

    it('sends a message when the first list is there', async () => {
      make('127.0.0.1');
      const sending = firstValueFrom(client.emit('x', 1));
      await new Promise(setImmediate);
      firstList?.resolve();
      await sending;
      expect(ends).toEqual(['success']);
    });

    it('fails with the reason when none comes', async () => {
      make('127.0.0.1');
      const failed = expect(firstValueFrom(client.send('x', 1))).rejects.toThrow('no list');
      firstList?.reject(new Error('too late'));
      await failed;
    });

    it('opens no connection when it is closed before the list, and a later message does', async () => {
      make('127.0.0.1');
      const failed = expect(firstValueFrom(client.send('x', 1))).rejects.toMatchObject({
        code: 'SIDEKICK_CLOSED',
      });
      await client.close();
      const later = firstValueFrom(client.emit('x', 1));
      firstList?.resolve();
      await failed;
      await later;
      expect(ends).toEqual(['success']);
    });
  });

  it('has the listeners of on() on a connection that is being opened', async () => {
    make('127.0.0.1');
    const connecting = client.connect();
    let connects = 0;
    client.on('connect' as never, (() => (connects += 1)) as never);
    await connecting;
    expect(connects).toBe(1);
  });

  it('does not try another instance for a message that its caller has given up', async () => {
    make(REFUSING, '127.0.0.1');
    const sending = client.send('x', 1).subscribe();
    onStart = () => sending.unsubscribe();
    await until('the end of the attempt to connect', () => ends.length > 0);
    await new Promise(setImmediate);
    expect(ends).toEqual(['failure']);
  });
});
