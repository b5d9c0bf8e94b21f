import { SidekickError } from './sidekick.error.js';

/** An optional peer package that the chosen feature needs is not installed. */
export class MissingPeerError extends SidekickError {
  readonly code = 'SIDEKICK_MISSING_PEER';

  constructor(
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
