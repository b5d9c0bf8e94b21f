import { type ClientProxy, JsonSocket } from '@nestjs/microservices';
import net, { type AddressInfo } from 'node:net';
import { firstValueFrom, NEVER } from 'rxjs';
import { type Call } from '../balancing/call.js';
import { ServiceCalls } from '../calling/service-calls.js';
import { systemClock } from '../common/clock.js';
import { type ServiceHandle } from '../piloted/service-handle.js';
import { completeInstance } from '../registry/instance.js';
import { tcpService } from './tcp-service.js';

/** An address to which no connection opens. A real one cannot be silent on every machine. */
const SILENT = '192.0.2.1';

class SilentSocket extends JsonSocket {
  override connect(port: number, host: string): this {
    return host === SILENT ? this : super.connect(port, host);
  }
}

describe('ServiceClientTCP', () => {
  let ends: string[];
  let warnings: string[];
  let client: ClientProxy;
  let server: net.Server;

  beforeEach(async () => {
    ends = [];
    warnings = [];
    server = net.createServer((socket) => socket.resume().on('error', () => undefined));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await client.close();
    await new Promise((resolve) => server.close(resolve));
  });

  function make(...addresses: string[]): void {
    const { port } = server.address() as AddressInfo;
    const candidates = addresses.map((address, id) =>
      completeInstance({ service: 'hero', id: `i${id}`, address, port }),
    );
    let next = 0;
    const target = {
      name: 'hero',
      revision: 1,
      candidates,
      pick: () => candidates[next++ % candidates.length]!,
      ready: async () => undefined,
      start: (): Call => ({ done: (_error, outcome) => void ends.push(String(outcome)) }),
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
});
