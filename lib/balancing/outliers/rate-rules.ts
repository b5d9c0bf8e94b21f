import { checkFields, type FieldCheck, integerField, numberField } from '../../common/check-fields.js';

/** Ejects endpoints whose success rate is far below that of the others (gRPC A50, Envoy). */
export interface SuccessRateOptions {
  /**
   * Standard deviations below the mean at which an endpoint is ejected. With fewer than five endpoints no rate can be
   * 1.9 deviations below the mean.
   *
   * @default 1.9
   */
  readonly stdevFactor?: number;
  /**
   * Percentage of the decisions that eject.
   *
   * @default 100
   */
  readonly enforcementPercentage?: number;
  /**
   * Least number of endpoints with `requestVolume` calls.
   *
   * @default 5
   */
  readonly minimumHosts?: number;
  /**
   * Calls of an endpoint in one interval that make its rate count.
   *
   * @default 100
   */
  readonly requestVolume?: number;
}

/** Ejects endpoints by the percentage of their calls that fail (gRPC A50, Envoy). */
export interface FailurePercentageOptions {
  /**
   * Percentage of failures at which an endpoint is ejected.
   *
   * @default 85
   */
  readonly threshold?: number;
  /**
   * Percentage of the decisions that eject.
   *
   * @default 100
   */
  readonly enforcementPercentage?: number;
  /**
   * Least number of endpoints with `requestVolume` calls.
   *
   * @default 5
   */
  readonly minimumHosts?: number;
  /**
   * Calls of an endpoint in one interval that make its percentage count.
   *
   * @default 50
   */
  readonly requestVolume?: number;
}

/** The defaults of {@link SuccessRateOptions}. */
export const SUCCESS_RATE_DEFAULTS: Readonly<Required<SuccessRateOptions>> = Object.freeze({
  stdevFactor: 1.9,
  enforcementPercentage: 100,
  minimumHosts: 5,
  requestVolume: 100,
});

/** The defaults of {@link FailurePercentageOptions}. */
export const FAILURE_PERCENTAGE_DEFAULTS: Readonly<Required<FailurePercentageOptions>> = Object.freeze({
  threshold: 85,
  enforcementPercentage: 100,
  minimumHosts: 5,
  requestVolume: 50,
});

const PERCENT = numberField(0, 100);
const COUNT = integerField(1, 1_000_000);
const COMMON = { enforcementPercentage: PERCENT, minimumHosts: COUNT, requestVolume: COUNT };
const SUCCESS_RATE: Readonly<Record<keyof SuccessRateOptions, FieldCheck>> = {
  stdevFactor: numberField(0, 100),
  ...COMMON,
};
const FAILURE_PERCENTAGE: Readonly<Record<keyof FailurePercentageOptions, FieldCheck>> = {
  threshold: PERCENT,
  ...COMMON,
};

/** The two rules of a service that compare its endpoints. */
export interface RateRules {
  readonly successRate?: boolean | SuccessRateOptions;
  readonly failurePercentage?: boolean | FailurePercentageOptions;
}

/**
 * Checks the fields of both rules.
 *
 * @param where path of the object that has the rules, for messages
 * @throws InvalidOptionError
 */
export function checkRateRules(where: string, { successRate, failurePercentage }: RateRules): void {
  if (typeof successRate === 'object') checkFields(`${where}.successRate`, successRate, SUCCESS_RATE);
  if (typeof failurePercentage === 'object')
    checkFields(`${where}.failurePercentage`, failurePercentage, FAILURE_PERCENTAGE);
}
