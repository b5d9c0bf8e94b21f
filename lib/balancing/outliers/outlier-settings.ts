import { withoutUndefined } from '../../common/without-undefined.js';
import { OUTLIER_DEFAULTS, type OutlierDetectionOptions } from './outlier-options.js';
import {
  FAILURE_PERCENTAGE_DEFAULTS,
  type FailurePercentageOptions,
  SUCCESS_RATE_DEFAULTS,
  type SuccessRateOptions,
} from './rate-rules.js';

/** The option `outlierDetection` with all defaults filled in. */
export interface OutlierSettings {
  readonly consecutiveFailures: number;
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly maxEjectionPercent: number;
  readonly intervalMs: number;
  readonly panicThreshold: number;
  readonly enforce: boolean;
  readonly successRate: Required<SuccessRateOptions> | undefined;
  readonly failurePercentage: Required<FailurePercentageOptions> | undefined;
}

/** Fills in the defaults. Undefined when outlier detection is off. */
export function outlierSettings(
  option: boolean | OutlierDetectionOptions | undefined,
): OutlierSettings | undefined {
  if (option === false) return undefined;
  const given = { ...OUTLIER_DEFAULTS, ...(typeof option === 'object' ? withoutUndefined(option) : {}) };
  const { baseEjectionTime, maxEjectionTime, interval, successRate, failurePercentage, ...rest } = given;
  return {
    ...rest,
    baseEjectionMs: baseEjectionTime * 1_000,
    maxEjectionMs: maxEjectionTime * 1_000,
    intervalMs: interval * 1_000,
    successRate: ruleOf(SUCCESS_RATE_DEFAULTS, successRate),
    failurePercentage: ruleOf(FAILURE_PERCENTAGE_DEFAULTS, failurePercentage),
  };
}

function ruleOf<Rule extends object>(
  defaults: Required<Rule>,
  given: boolean | Rule | undefined,
): Required<Rule> | undefined {
  if (given === undefined || given === false) return undefined;
  return { ...defaults, ...(given === true ? {} : withoutUndefined(given)) };
}
