import { SidekickError } from './sidekick.error.js';

/** An optional peer package is not installed, but the selected feature needs it. */
export class MissingPeerError extends SidekickError {
  readonly code = 'SIDEKICK_MISSING_PEER';

  constructor(
    /** The package to install. */
    readonly packageName: string,
    feature: string,
    cause: unknown,
  ) {
    super(
      `${feature} needs the package "${packageName}", which is not installed. Run: npm install ${packageName}`,
      {
        cause,
      },
    );
  }
}
