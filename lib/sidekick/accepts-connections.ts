import { connect } from 'node:net';

/** Milliseconds one connection may take. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Whether the port accepts a connection now; false as well when `signal` is aborted. */
export async function acceptsConnections(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port, timeout: CONNECT_TIMEOUT_MS });
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
