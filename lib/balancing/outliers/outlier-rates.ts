import { type Random } from '../../common/random.js';
import { type EndpointStatistics } from '../endpoint-statistics.js';
import { type EjectionRule } from './ejection.js';
import { type OutlierSettings } from './outlier-settings.js';

/** An endpoint that a rule wants to eject. */
export interface Outlier {
  readonly statistics: EndpointStatistics;
  readonly rule: EjectionRule;
  /** As the end of a sentence: `as 12 % of its calls succeeded, …`. */
  readonly reason: string;
}

/** The share of the interval's calls that succeeded, from 0 to 1. */
function rateOf({ intervalSuccesses, intervalFailures }: EndpointStatistics): number {
  return intervalSuccesses / (intervalSuccesses + intervalFailures);
}

/** The endpoints with enough calls in the interval; none when they are too few to compare. */
function comparable(
  all: readonly EndpointStatistics[],
  { minimumHosts, requestVolume }: { readonly minimumHosts: number; readonly requestVolume: number },
): readonly EndpointStatistics[] {
  const enough = all.filter((each) => each.intervalSuccesses + each.intervalFailures >= requestVolume);
  return enough.length >= minimumHosts ? enough : [];
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;

/**
 * The outliers of one interval by the rules of gRPC A50 that are on.
 *
 * @param all the endpoints that are in the list and not ejected
 */
export function outliersOf(
  all: readonly EndpointStatistics[],
  { successRate, failurePercentage }: OutlierSettings,
  random: Random,
): readonly Outlier[] {
  const outliers: Outlier[] = [];
  if (successRate) {
    const rates = comparable(all, successRate).map((statistics) => ({
      statistics,
      rate: rateOf(statistics),
    }));
    const mean = rates.reduce((sum, { rate }) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, { rate }) => sum + (rate - mean) ** 2, 0) / rates.length;
    const threshold = mean - successRate.stdevFactor * Math.sqrt(variance);
    for (const { statistics, rate } of rates)
      if (rate < threshold && random() * 100 < successRate.enforcementPercentage)
        outliers.push({
          statistics,
          rule: 'success-rate',
          reason: `as ${percent(rate)} of its calls succeeded, of all endpoints ${percent(mean)}`,
        });
  }
  if (failurePercentage) {
    for (const statistics of comparable(all, failurePercentage)) {
      const failed = 1 - rateOf(statistics);
      if (failed * 100 < failurePercentage.threshold) continue;
      if (outliers.some((outlier) => outlier.statistics === statistics)) continue;
      if (random() * 100 < failurePercentage.enforcementPercentage)
        outliers.push({
          statistics,
          rule: 'failure-percentage',
          reason: `as ${percent(failed)} of its calls failed`,
        });
    }
  }
  return outliers;
}
