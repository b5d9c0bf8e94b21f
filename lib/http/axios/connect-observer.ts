import { type ClientRequest, type Agent } from 'node:http';
import { type Socket } from 'node:net';

/** An agent as Node's http client calls it. The method is not in Node's types. */
interface RequestAgent {
  addRequest(request: ClientRequest, ...rest: readonly unknown[]): void;
}

/** Node's TLS socket while it negotiates. */
interface SecureSocket extends Socket {
  readonly encrypted?: boolean;
  readonly secureConnecting?: boolean;
}

/** Learns when a request has a connection. */
export interface ConnectListener {
  /** The request waits for a connection: a new one, or the next that is free. */
  onWaiting(): void;
  /** The request has a connection. Called once, with or without a wait. */
  onConnected(): void;
}

/**
 * Returns an agent that shares the connections of `agent` and calls the listener when a request has a connection: from then
 * on a part of it may have been sent. Node's http client writes nothing earlier.
 */
export function observeConnect<A extends Agent>(agent: A, listener: ConnectListener): A {
  const inner = agent as unknown as RequestAgent;
  const observer = Object.create(agent) as A & RequestAgent;
  observer.addRequest = (request, ...rest) => {
    request.once('socket', (socket: SecureSocket) => {
      if (socket.encrypted === true && socket.secureConnecting === true)
        socket.once('secureConnect', () => listener.onConnected());
      else if (socket.connecting) socket.once('connect', () => listener.onConnected());
      else listener.onConnected();
    });
    inner.addRequest(request, ...rest);
    // Node's agent sets it when a connection is free, so that most requests need no timer.
    if (!request.reusedSocket) listener.onWaiting();
  };
  return observer;
}
