import { SidekickError } from './sidekick.error.js';

/** A bundler such as esbuild or webpack bundled a package that reads files from its own folder. */
export class BundledPackageError extends SidekickError {
  readonly code = 'SIDEKICK_BUNDLED';

  /**
   * @param packageName The package to keep out of the bundle.
   * @param reason The reason as a clause: "it reads rpc.proto from its own folder".
   */
  constructor(
    readonly packageName: string,
    reason: string,
    cause: unknown,
  ) {
    super(
      `The package "${packageName}" cannot be part of a bundle: ${reason}. Mark it as external in the bundler (esbuild: --external:${packageName}; webpack: externals) and install it where the application runs.`,
      { cause },
    );
  }
}
