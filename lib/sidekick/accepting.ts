import { connect } from 'node:net';
import { Backoff } from '../kernel/backoff.js';
import { type Clock } from '../kernel/clock.js';
import { pause } from '../kernel/deadline.js';

/** Milliseconds one connection may take. */
const CONNECT_TIMEOUT = 1_000;

const POLL = Object.freeze({ base: 100, cap: 1_000 });

async function accepts(address: string, port: number, signal: AbortSignal): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port, timeout: CONNECT_TIMEOUT });
    const settle = (accepted: boolean): void => {
      signal.removeEventListener('abort', refuse);
      socket.destroy();
      resolve(accepted);
    };
    const refuse = (): void => {
      settle(false);
    };
    signal.addEventListener('abort', refuse, { once: true });
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('timeout', refuse);
    socket.once('error', refuse);
  });
}

/** Resolves once a connection to the port is accepted; rejects only with the signal's reason. */
export async function accepting(
  address: string,
  port: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const backoff = new Backoff(POLL);
  while (!(await accepts(address, port, signal))) await pause(clock, backoff.next(), signal);
}
