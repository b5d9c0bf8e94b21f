import {
  checkFields,
  FLAG_FIELD,
  type FieldCheck,
  integerField,
  numberField,
  SECONDS_FIELD,
} from '../../common/check-fields.js';
import { checkRateRules, type FailurePercentageOptions, type SuccessRateOptions } from './rate-rules.js';

/** When an endpoint whose calls fail is left out, and for how long. */
export interface OutlierDetectionOptions {
  /**
   * Failures in a row that eject an endpoint, while the last call to another one succeeded.
   *
   * @default 5
   */
  readonly consecutiveFailures?: number;
  /**
   * Seconds of the first ejection. Each further one is longer by as much.
   *
   * @default 30
   */
  readonly baseEjectionTime?: number;
  /**
   * Longest ejection in seconds.
   *
   * @default 300
   */
  readonly maxEjectionTime?: number;
  /**
   * Percentage of the endpoints that may be ejected together. One always may, the last healthy one never.
   *
   * @default 10
   */
  readonly maxEjectionPercent?: number;
  /**
   * Seconds between two evaluations of `successRate` and `failurePercentage`, and of health after which the next
   * ejection is shorter by `baseEjectionTime`.
   *
   * @default 10
   */
  readonly interval?: number;
  /**
   * Ejects endpoints whose success rate is far below that of the others.
   *
   * @default off
   */
  readonly successRate?: boolean | SuccessRateOptions;
  /**
   * Ejects endpoints by the percentage of their calls that fail.
   *
   * @default off
   */
  readonly failurePercentage?: boolean | FailurePercentageOptions;
  /**
   * Percentage of healthy endpoints below which health is ignored and all of them are picked.
   *
   * @default 50
   */
  readonly panicThreshold?: number;
  /**
   * False counts and reports ejections, but leaves no endpoint out.
   *
   * @default true
   */
  readonly enforce?: boolean;
}

/** The defaults of {@link OutlierDetectionOptions}. */
export const OUTLIER_DEFAULTS = Object.freeze({
  consecutiveFailures: 5,
  /** Seconds. */
  baseEjectionTime: 30,
  /** Seconds. */
  maxEjectionTime: 300,
  maxEjectionPercent: 10,
  /** Seconds. */
  interval: 10,
  panicThreshold: 50,
  enforce: true,
});

const PERCENT = numberField(0, 100);
const COUNT = integerField(1, 1_000_000);
/** True, false, or an object whose fields are checked apart. */
const SWITCH: FieldCheck = {
  what: 'true, false or an object',
  holds: (value) => typeof value === 'boolean' || typeof value === 'object',
};

const CHECKS: Readonly<Record<keyof OutlierDetectionOptions, FieldCheck>> = {
  consecutiveFailures: COUNT,
  baseEjectionTime: SECONDS_FIELD,
  maxEjectionTime: SECONDS_FIELD,
  maxEjectionPercent: PERCENT,
  interval: SECONDS_FIELD,
  successRate: SWITCH,
  failurePercentage: SWITCH,
  panicThreshold: PERCENT,
  enforce: FLAG_FIELD,
};

/**
 * Checks the option `outlierDetection`.
 *
 * @param where path of the option, for messages
 * @throws InvalidOptionError
 */
export function checkOutlierOptions(where: string, given: unknown): void {
  if (typeof given === 'boolean') return;
  checkFields(where, given, CHECKS);
  checkRateRules(where, given as OutlierDetectionOptions);
}
