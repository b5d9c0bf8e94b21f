import { createServer } from 'node:net';

/** Below the range that outgoing connections take their ports from, so that a restarted server finds its own free. */
const FIRST = 12_000;
const LAST = 32_000;
const taken = new Set<number>();

/** Ports on 127.0.0.1 that nobody listens on now and that this process has not handed out before. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
