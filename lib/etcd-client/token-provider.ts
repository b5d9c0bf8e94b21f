import { abortReason } from '../common/async/abort.js';

/** Asks the server at `endpoint` for a token; undefined where it does not ask for any. Bounded by its own deadline. */
export type Authenticate = (endpoint: string) => Promise<string | undefined>;

/**
 * The auth token of a client. However many requests need one at a time, one authentication an endpoint is under way:
 * etcd checks a password by bcrypt, at tens of milliseconds of its CPU each.
 */
export class TokenProvider {
  private known: { readonly token: string | undefined } | undefined;
  private readonly running = new Map<string, Promise<string | undefined>>();

  /** @param authenticate undefined where the client has no credentials */
  constructor(private readonly authenticate: Authenticate | undefined) {}

  /** The token to send; asks `endpoint` for one where none is known. The wait ends early with `signal`. */
  async get(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.authenticate) return undefined;
    if (this.known) return this.known.token;
    const running = this.running.get(endpoint) ?? this.login(endpoint, this.authenticate);
    return await withSignal(running, signal);
  }

  /** Whether `token` is what a request would send now. */
  isCurrent(token: string | undefined): boolean {
    return !this.authenticate || (this.known !== undefined && this.known.token === token);
  }

  /** Forgets `token`, which a server has refused, unless a newer one has come in the meantime. */
  invalidate(token: string | undefined): void {
    if (this.known?.token === token) this.known = undefined;
  }

  private async login(endpoint: string, authenticate: Authenticate): Promise<string | undefined> {
    const running = authenticate(endpoint)
      .then((token) => {
        this.known = { token };
        return token;
      })
      .finally(() => this.running.delete(endpoint));
    this.running.set(endpoint, running);
    return await running;
  }
}

async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortReason(signal));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
