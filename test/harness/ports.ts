import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './is-alive.mjs';

/** Below the range that outgoing connections take their ports from, so that a restarted server finds its own free. */
const RANGE: { readonly from: number; readonly to: number } = Object.freeze({ from: 12_000, to: 32_000 });

/** A file for each port that a living process has been given: the port of a server that was killed is still its own. */
const CLAIMS = join(tmpdir(), `nestjs-sidekick-ports-${userInfo().username}`);

const claimed = new Set<string>();

process.on('exit', () => {
  for (const file of claimed) rmSync(file, { force: true });
});

/** Returns ports on 127.0.0.1 without a listener that no other process of these tests has claimed. */
export async function freePorts(count: number, { from, to } = RANGE): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = from + Math.floor(Math.random() * (to - from));
    if (claim(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

function claim(port: number): boolean {
  const file = join(CLAIMS, String(port));
  const mine = join(CLAIMS, `of-${process.pid}`);
  if (claimed.size === 0) {
    mkdirSync(CLAIMS, { recursive: true });
    writeFileSync(mine, String(process.pid));
    claimed.add(mine);
  }
  try {
    // A link instead of a new file, so that no process sees a claim without its owner.
    linkSync(mine, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isAlive(holderOf(file))) rmSync(file, { force: true });
    return false;
  }
  claimed.add(file);
  return true;
}

function holderOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
