import { type Clock } from '../common/clock.js';
import { type Logger } from '../common/logger.js';
import { type Random } from '../common/random.js';
import { type Locality } from './locality.js';

/** Dependencies of everything that chooses among the endpoints of a service. */
export interface BalancingDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Nest's `applicationId`, for diagnostics. */
  readonly applicationId?: string | undefined;
  /** For the zone `auto` and for subsets. Without it, both are ignored. */
  readonly locality?: Locality | undefined;
}
