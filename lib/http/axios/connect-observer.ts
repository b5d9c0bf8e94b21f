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

/**
 * Returns an agent that shares the connections of `agent` and calls `onConnected` when a request has a connection: from
 * then on a part of it may have been sent. Node's http client writes nothing earlier.
 */
export function observeConnect<A extends Agent>(agent: A, onConnected: () => void): A {
  const inner = agent as unknown as RequestAgent;
  const observer: RequestAgent = {
    addRequest: (request, ...rest) => {
      request.once('socket', (socket: SecureSocket) => {
        if (socket.encrypted === true && socket.secureConnecting === true)
          socket.once('secureConnect', onConnected);
        else if (socket.connecting) socket.once('connect', onConnected);
        else onConnected();
      });
      inner.addRequest(request, ...rest);
    },
  };
  return Object.assign(Object.create(agent) as A, observer);
}
