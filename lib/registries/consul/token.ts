import { readFile } from 'node:fs/promises';
import { type Clock } from '../../common/clock.js';
import { RegistryRefusedError } from '../../common/errors/index.js';

/** Gives the ACL token that a request is to bear. */
export interface TokenSource {
  /** The one that was sent last, to be masked in what is shown; undefined before the first, and where there is none. */
  readonly latest: string | undefined;
  /** The token; undefined to go without one. */
  current(): Promise<string | undefined>;
  /** Looks again at once, after a refusal. Resolves to whether the token is now another one. */
  renew(): Promise<boolean>;
}

/** The same token for ever, or none. */
export function fixedToken(token: string | undefined): TokenSource {
  return { latest: token, current: () => Promise.resolve(token), renew: () => Promise.resolve(false) };
}

/** Milliseconds for which the file is not read again. */
const FRESH = 1_000;

/** A token in a file that somebody else keeps up to date. */
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

  /** @throws RegistryRefusedError when the file was never readable */
  async current(): Promise<string> {
    if (this.#token !== undefined && this.clock.now() - this.readAt < FRESH) return this.#token;
    return await this.read();
  }

  async renew(): Promise<boolean> {
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
      // While the file is being replaced the old token is the best there is.
      if (this.#token === undefined) {
        const why = (error as Error).message;
        throw new RegistryRefusedError(`The token file ${this.path} holds no token: ${why}.`, {
          cause: error,
        });
      }
    }
    this.readAt = this.clock.now();
    return this.#token;
  }
}
