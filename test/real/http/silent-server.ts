import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Listens and never accepts: the thread is blocked, and its queue of connections is full. */
const LISTEN = `
  const { parentPort } = require('node:worker_threads');
  require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    parentPort.postMessage(this.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** Connections that fill the queue of a server with a backlog of 1. */
const FILLING = 4;

/** A server to which no further connection can be opened: the client waits for its timeout. */
export class SilentServer {
  private constructor(
    readonly port: number,
    private readonly worker: Worker,
    private readonly sockets: readonly Socket[],
  ) {}

  static async listen(): Promise<SilentServer> {
    const worker = new Worker(LISTEN, { eval: true });
    const [port] = (await once(worker, 'message')) as [number];
    const sockets = Array.from({ length: FILLING }, () =>
      connect(port, '127.0.0.1').on('error', () => undefined),
    );
    await once(sockets[0]!, 'connect');
    await once(sockets[1]!, 'connect');
    return new SilentServer(port, worker, sockets);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await this.worker.terminate();
  }
}
