import { formatValue } from '../common/expected.js';
import { SidekickError } from '../common/errors/index.js';

/** There is no endpoint to pick. `reason` distinguishes an empty list from a registry that has never answered. */
export class NoEndpointsError extends SidekickError {
  readonly code = 'SIDEKICK_NO_ENDPOINTS';
  /** HTTP frameworks, Nest included, read these three properties and answer 503 without the message. */
  readonly statusCode = 503;
  /** As `statusCode`, for frameworks that read this name. */
  readonly status = 503;
  /** False keeps the message out of the response. */
  readonly expose = false;

  constructor(
    /** Name of the service. */
    readonly service: string,
    /**
     * `never-answered`: the registry has not sent a list yet. `empty`: the list has no endpoint. `excluded`: the registry
     * has instances, but none with the `tag` or an address in `allow`. `too-few`: the list has fewer endpoints than
     * `ready` waited for.
     */
    readonly reason: 'never-answered' | 'empty' | 'excluded' | 'too-few',
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
  excluded: 'no endpoints: the registry has instances, but `tag` or `allow` leaves none of them',
  'too-few': 'too few endpoints',
} as const;
