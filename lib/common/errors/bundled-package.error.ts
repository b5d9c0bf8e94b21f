import { SidekickError } from './sidekick.error.js';

/** A package that needs files beside its own was made part of a bundle by a bundler such as esbuild or webpack. */
export class BundledPackageError extends SidekickError {
  readonly code = 'SIDEKICK_BUNDLED';

  /**
   * @param packageName the package that is to stay outside of the bundle
   * @param reason why, as a clause: "it reads rpc.proto beside itself"
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
