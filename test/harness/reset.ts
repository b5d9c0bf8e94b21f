import { type Socket } from 'node:net';

/**
 * Breaks a connection with a reset (RST) where that is possible. One that is being ended in good order is only
 * closed: the system refuses to reset it, and Node would then keep its handle for ever.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
