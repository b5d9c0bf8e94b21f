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

/** An agent that shares the connections of its prototype, and reports that of one request. */
type Observer = new (listener: ConnectListener) => Agent;

/** By the agent whose connections are shared: V8 makes objects of one class faster than objects with a given prototype. */
const observers = new WeakMap<Agent, Observer>();

/**
 * Returns an agent that shares the connections of `agent` and calls the listener when a request has a connection: from then
 * on a part of it may have been sent. Node's http client writes nothing earlier.
 */
export function observeConnect<A extends Agent>(agent: A, listener: ConnectListener): A {
  let Observing = observers.get(agent);
  if (!Observing) {
    Observing = observerOf(agent);
    observers.set(agent, Observing);
  }
  return new Observing(listener) as A;
}

function observerOf(agent: Agent): Observer {
  const inner = agent as unknown as RequestAgent;
  class ObservingAgent {
    constructor(private readonly listener: ConnectListener) {}

    addRequest(request: ClientRequest, ...rest: readonly unknown[]): void {
      const { listener } = this;
      request.on('socket', (socket: SecureSocket) => {
        if (socket.encrypted === true && socket.secureConnecting === true)
          socket.once('secureConnect', () => listener.onConnected());
        else if (socket.connecting) socket.once('connect', () => listener.onConnected());
        else listener.onConnected();
      });
      inner.addRequest(request, ...rest);
      // Node's agent sets it when a connection is free, so that most requests need no timer.
      if (!request.reusedSocket) listener.onWaiting();
    }
  }
  Object.setPrototypeOf(ObservingAgent.prototype, agent);
  return ObservingAgent as unknown as Observer;
}
