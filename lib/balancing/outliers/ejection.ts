import { type Timer } from '../../common/clock.js';

/** Why an endpoint is ejected. */
export type EjectionRule = 'consecutive-failures' | 'success-rate' | 'failure-percentage' | 'retry-after';

/** An ejection that is under way. */
export interface Ejection {
  readonly rule: EjectionRule;
  /** False with `enforce: false`: the endpoint is still picked. */
  readonly enforced: boolean;
  readonly durationMs: number;
  /** When it ends, in milliseconds of the monotonic clock. */
  readonly until: number;
  readonly timer: Timer;
}
