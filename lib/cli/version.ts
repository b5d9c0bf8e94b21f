import { createRequire } from 'node:module';

/** The version of this package. Its files import it by the package's own name, wherever the bundle puts them. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('nestjs-sidekick/package.json') as {
    readonly version: string;
  };
  return version;
}
