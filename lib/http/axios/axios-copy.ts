import { createRequire } from 'node:module';
import { join } from 'node:path';
import { peerFailure } from '../../common/optional-peer.js';
import { InvalidOptionError } from '../../common/errors/index.js';
import { type AxiosConfig, type AxiosModule } from './axios-types.js';

/** Files from which axios is looked up. A bundle has no `import.meta.url`. */
const places = (): readonly string[] =>
  [import.meta.url as string | undefined, join(process.cwd(), 'package.json')].filter(
    (place) => place !== undefined,
  );

/**
 * Finds the copy of axios that made a request: its errors must be instances of the class that the application checks for.
 * The ESM and the CommonJS build are two copies, and there may be several versions.
 */
export class AxiosCopies {
  private readonly found: AxiosModule[] = [];
  private loading: Promise<void> | undefined;

  /** The copy that made a request, when it was found before. Not a promise, which nearly every call would wait for. */
  known({ headers }: AxiosConfig): AxiosModule | undefined {
    for (const copy of this.found) if (headers instanceof copy.AxiosHeaders) return copy;
    return undefined;
  }

  /**
   * @throws MissingPeerError when axios is not installed
   * @throws InvalidOptionError when none of the installed copies made the request
   */
  async of(config: AxiosConfig): Promise<AxiosModule> {
    await (this.loading ??= this.load());
    const copy = this.known(config);
    if (!copy)
      throw new InvalidOptionError(
        'Expected the request of `axiosAdapter` to come from the axios that nestjs-sidekick resolves, got another copy. Install one version of axios next to nestjs-sidekick.',
      );
    return copy;
  }

  private async load(): Promise<void> {
    try {
      this.add(await import('axios'));
    } catch (error) {
      throw peerFailure(error, 'axios', 'ServiceHttp.axiosAdapter');
    }
    for (const place of places()) {
      try {
        this.add(createRequire(place)('axios'));
      } catch {
        // The other places are looked at as well; the first one has it.
      }
    }
  }

  private add(module: unknown): void {
    const { default: main } = module as { readonly default?: unknown };
    const copy = (main ?? module) as AxiosModule;
    if (!this.found.includes(copy)) this.found.push(copy);
  }
}
