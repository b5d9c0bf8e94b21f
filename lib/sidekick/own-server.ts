import { type HttpAdapterHost, type ModulesContainer } from '@nestjs/core';
import { isPort, splitHostPort } from '../common/address.js';
import { type Bound } from './announcement.js';

/** The server that `app.listen()` starts. */
export interface OwnServer {
  /** Where it is bound; undefined before it listens, and for a Unix socket. */
  readonly bound: Bound | undefined;

  /**
   * Runs `admit` after the server is bound and before `app.listen()` resolves. If it rejects, the server is closed and
   * `app.listen()` rejects with the same error. Returns a function that removes the gate.
   */
  gate(admit: () => Promise<void>): () => void;

  /**
   * Hides the shutdown from the server until the returned function is called: with Nest's `return503OnClosing` the server
   * would respond to every request with 503 during `drain`.
   */
  hideShutdown(): () => Promise<void>;
}

type Callback = (...results: unknown[]) => void;

interface Listener {
  listen(...args: unknown[]): unknown;
  close(): unknown;
}

/** The part of an HTTP adapter that is used here. */
interface Adapter extends Listener {
  getHttpServer?(): unknown;
  beforeClose?(): unknown;
}

/** The part of a `node:net` server that is used here. */
interface Socket {
  address(): string | { readonly address: string; readonly port: number } | null;
  closeAllConnections?(): void;
}

/** The part of a server of `@nestjs/microservices` that is used here. */
interface RpcServer extends Listener {
  readonly transportId?: unknown;
  readonly url?: unknown;
  unwrap?(): unknown;
}

/** `Transport.TCP` and `Transport.GRPC` of `@nestjs/microservices`: the transports that bind a port. */
const TCP = 0;
const GRPC = 4;

/** Finds the HTTP server, else the first microservice that binds a port; undefined for an application without either. */
export function ownServer(host: HttpAdapterHost, modules: ModulesContainer): OwnServer | undefined {
  const adapter = host.httpAdapter as unknown as Adapter | undefined;
  if (adapter && isSocket(adapter.getHttpServer?.())) return httpServer(adapter);
  const targets: RpcServer[] = [];
  modules
    .getRpcTargetRegistry<RpcServer>()
    .subscribe((target) => void targets.push(target))
    .unsubscribe();
  const bindsPort = ({ transportId }: RpcServer): boolean => transportId === TCP || transportId === GRPC;
  const target = targets.find(bindsPort);
  return target && rpcServer(target);
}

function httpServer(adapter: Adapter): OwnServer {
  return {
    get bound() {
      return boundOf(adapter.getHttpServer?.());
    },
    gate: (admit) =>
      gate(adapter, admit, async () => {
        const closing = adapter.close();
        const server = adapter.getHttpServer?.();
        // Open connections must not delay the error.
        if (isSocket(server)) server.closeAllConnections?.();
        await closing;
      }),
    hideShutdown: () => hideShutdown(adapter),
  };
}

function rpcServer(target: RpcServer): OwnServer {
  return {
    get bound() {
      return target.transportId === GRPC ? boundByUrl(target.url) : boundOf(target.unwrap?.());
    },
    gate: (admit) =>
      gate(target, admit, async () => {
        await target.close();
      }),
    hideShutdown: () => () => Promise.resolve(),
  };
}

function gate(listener: Listener, admit: () => Promise<void>, close: () => Promise<void>): () => void {
  const own = Object.getOwnPropertyDescriptor(listener, 'listen');
  const listen = listener.listen.bind(listener);
  listener.listen = (...args) => {
    const last = args.at(-1);
    if (typeof last !== 'function') return listen(...args);
    const callback = last as Callback;
    return listen(...args.slice(0, -1), (...results: unknown[]) => {
      if (results[0] instanceof Error) {
        callback(...results);
        return;
      }
      void admit().then(
        () => {
          callback(...results);
        },
        async (error: unknown) => {
          await close().catch(() => undefined);
          callback(error);
        },
      );
    });
  };
  return () => {
    if (own) Object.defineProperty(listener, 'listen', own);
    else Reflect.deleteProperty(listener, 'listen');
  };
}

function hideShutdown(adapter: Adapter): () => Promise<void> {
  if (!adapter.beforeClose) return () => Promise.resolve();
  const own = Object.getOwnPropertyDescriptor(adapter, 'beforeClose');
  let closing = false;
  adapter.beforeClose = () => {
    closing = true;
  };
  return async () => {
    if (own) Object.defineProperty(adapter, 'beforeClose', own);
    else Reflect.deleteProperty(adapter, 'beforeClose');
    if (closing) await adapter.beforeClose?.();
    closing = false;
  };
}

function isSocket(server: unknown): server is Socket {
  return typeof (server as Partial<Socket> | null | undefined)?.address === 'function';
}

function boundOf(server: unknown): Bound | undefined {
  const at = isSocket(server) ? server.address() : undefined;
  return typeof at === 'object' && at !== null ? { address: at.address, port: at.port } : undefined;
}

/** Where a gRPC server is bound, from its URL: it does not expose its socket. Undefined for port 0. */
function boundByUrl(url: unknown): Bound | undefined {
  const at = typeof url === 'string' ? splitHostPort(url) : undefined;
  if (!at || !isPort(at.port)) return undefined;
  return { address: at.host === 'localhost' ? '127.0.0.1' : at.host, port: at.port };
}
