import { runInThisContext } from 'node:vm';
import { type Dispatch, type DispatchHandler } from './dispatch.js';

interface Dispatcher {
  readonly dispatch: Dispatch;
  readonly webSocketOptions?: unknown;
  readonly eventSourceOptions?: unknown;
}

/** The key of the process's dispatcher in undici 8, which calls the handlers of undici 7 and 8. */
const MODERN = Symbol.for('undici.globalDispatcher.2');

/** Its key in undici 5 to 7. In undici 8 a bridge, which calls the handlers of undici 6 and forces HTTP/1.1. */
const LEGACY = Symbol.for('undici.globalDispatcher.1');

/** The global object of Node's own realm. The sandbox of a test runner has another, which lacks the dispatcher. */
const realm = runInThisContext('globalThis') as Readonly<Record<symbol, Dispatcher | undefined>>;

function find(modern: boolean): Dispatcher | undefined {
  return modern ? (realm[MODERN] ?? realm[LEGACY]) : (realm[LEGACY] ?? realm[MODERN]);
}

/**
 * The process's dispatcher for a handler: the one of global fetch, or of `setGlobalDispatcher`. Read at each call, since an
 * application may replace it at any time.
 */
function globalDispatcher(modern: boolean): Dispatcher {
  const found = find(modern);
  if (found) return found;
  // Node loads undici, which sets the dispatcher, when one of its globals is used for the first time.
  Reflect.get(realm, 'Headers');
  const loaded = find(modern);
  if (!loaded)
    throw new Error(
      'Found no dispatcher of global fetch in this process. The HTTP client needs the fetch of Node 20 or newer.',
    );
  return loaded;
}

/** Sends a request through the process's dispatcher. */
export const dispatchGlobally: Dispatch = (options, handler) =>
  globalDispatcher(isModern(handler)).dispatch(options, handler);

/** Whether a handler has the callbacks of undici 7 and 8. */
export function isModern(handler: DispatchHandler): boolean {
  return typeof handler.onRequestStart === 'function';
}

/** Limits that WebSocket and EventSource read from their dispatcher. */
export function globalLimits(): Pick<Dispatcher, 'webSocketOptions' | 'eventSourceOptions'> {
  return globalDispatcher(true);
}
