import { readFile } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';
import { RegistryRefusedError } from '../../common/errors/index.js';

/** Provides the ACL token of requests. */
export interface TokenSource {
  /** The token of the last request, to be masked in messages; undefined before the first, and without a token. */
  readonly latest: string | undefined;
  /** The token; undefined to send none. */
  current(): Promise<string | undefined>;
  /** Reads the token again, after Consul has denied a request. Resolves to whether it has changed. */
  reload(): Promise<boolean>;
}

/** A constant token, or none. */
export function fixedToken(token: string | undefined): TokenSource {
  return { latest: token, current: () => Promise.resolve(token), reload: () => Promise.resolve(false) };
}

/** How long a token is used before its file is read again. */
const CACHE_MS = 1_000;

/** A token in a file that another process keeps up to date. */
export class TokenFile implements TokenSource {
  #token: string | undefined;
  private readAt = -Infinity;
  private reading: Promise<string> | undefined;

  constructor(
    private readonly path: string,
    private readonly clock: Clock,
  ) {}

  get latest(): string | undefined {
    return this.#token;
  }

  /** @throws RegistryRefusedError when the file has never been readable */
  async current(): Promise<string> {
    if (this.#token !== undefined && this.clock.now() - this.readAt < CACHE_MS) return this.#token;
    return await this.read();
  }

  /** @throws RegistryRefusedError when the file has never been readable */
  async reload(): Promise<boolean> {
    const before = this.#token;
    return (await this.read()) !== before;
  }

  private async read(): Promise<string> {
    this.reading ??= this.load().finally(() => {
      this.reading = undefined;
    });
    return await this.reading;
  }

  private async load(): Promise<string> {
    try {
      const text = (await readFile(this.path, 'utf8')).trim();
      if (text === '') throw new Error('it is empty');
      this.#token = text;
    } catch (error) {
      // The file may be unreadable while it is replaced; the previous token stays in use.
      if (this.#token === undefined) {
        const reason = (error as Error).message;
        throw new RegistryRefusedError(`The token file ${this.path} holds no token: ${reason}.`, {
          cause: error,
        });
      }
    }
    this.readAt = this.clock.now();
    return this.#token;
  }
}
