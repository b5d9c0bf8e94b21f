import { abortReason, onAbort } from '../common/async/abort.js';

/**
 * Requests an auth token from the server at `endpoint`; undefined when the server has authentication disabled. Has a
 * deadline of its own.
 */
export type Authenticate = (endpoint: string) => Promise<string | undefined>;

/**
 * The auth token of a client. All requests that need a token share one login per endpoint: etcd checks a password with
 * bcrypt, which costs tens of milliseconds of its CPU.
 */
export class TokenProvider {
  private cached: { readonly token: string | undefined } | undefined;
  private readonly logins = new Map<string, Promise<string | undefined>>();

  /** @param authenticate undefined when the client has no credentials */
  constructor(private readonly authenticate: Authenticate | undefined) {}

  /**
   * The token to send; logs in at `endpoint` when none is cached.
   *
   * @param signal ends the wait of this caller only; the login continues for the others
   * @throws the error of the login, or the reason of `signal`
   */
  async get(endpoint: string, signal: AbortSignal): Promise<string | undefined> {
    if (!this.authenticate) return undefined;
    if (this.cached) return this.cached.token;
    const login = this.logins.get(endpoint) ?? this.login(endpoint, this.authenticate);
    return await withSignal(login, signal);
  }

  /** Whether `token` is the one that the next request sends. */
  isCurrent(token: string | undefined): boolean {
    return !this.authenticate || (this.cached !== undefined && this.cached.token === token);
  }

  /** Drops `token`, which a server has refused, unless a newer one is cached already. */
  invalidate(token: string | undefined): void {
    if (this.cached?.token === token) this.cached = undefined;
  }

  private async login(endpoint: string, authenticate: Authenticate): Promise<string | undefined> {
    const login = authenticate(endpoint)
      .then((token) => {
        this.cached = { token };
        return token;
      })
      .finally(() => this.logins.delete(endpoint));
    this.logins.set(endpoint, login);
    return await login;
  }
}

async function withSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const removeListener = onAbort(signal, () => {
      reject(abortReason(signal));
    });
    promise.then(resolve, reject).finally(removeListener);
  });
}
