import { connect } from 'node:net';
import { onAbort } from '../common/async/abort.js';

/** Timeout of one connection attempt in milliseconds. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Whether the port accepts a connection now. Returns false when `signal` is aborted. */
export async function acceptsConnections(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted) return false;
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host: address, port, timeout: CONNECT_TIMEOUT_MS });
    const settle = (accepted: boolean): void => {
      removeListener();
      socket.destroy();
      resolve(accepted);
    };
    const refuse = (): void => {
      settle(false);
    };
    const removeListener = onAbort(signal, refuse);
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('timeout', refuse);
    socket.once('error', refuse);
  });
}
