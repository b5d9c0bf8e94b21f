import { formatValue } from '../common/expected.js';
import { SidekickError } from '../common/errors/index.js';

/** There is nothing to pick: `reason` tells whether the registry said so or has not said anything yet. */
export class NoEndpointsError extends SidekickError {
  readonly code = 'SIDEKICK_NO_ENDPOINTS';
  /** The three by which HTTP frameworks, Nest's among them, know what to answer: 503, without the message. */
  readonly statusCode = 503;
  readonly status = 503;
  readonly expose = false;

  constructor(
    readonly service: string,
    /**
     * `never-answered`: no list has come from the registry yet. `empty`: the registry knows no endpoint. `too-few`:
     * fewer than were waited for.
     */
    readonly reason: 'never-answered' | 'empty' | 'too-few',
    detail?: string,
    options?: { readonly cause?: unknown },
  ) {
    super(
      `Service ${formatValue(service)} has ${SENTENCES[reason]}${detail === undefined ? '' : ` (${detail})`}.`,
      options,
    );
  }
}

const SENTENCES = {
  'never-answered': 'no endpoints yet: the registry has never answered',
  empty: 'no endpoints: the registry answered with an empty list',
  'too-few': 'too few endpoints',
} as const;
