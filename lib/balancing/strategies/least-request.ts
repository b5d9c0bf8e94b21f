import { type EndpointStatistics } from '../endpoint-statistics.js';
import { TwoChoices } from './two-choices.js';

/** Of two random endpoints, picks the one with fewer calls in progress for its weight. Needs `start` and `done`. */
export class LeastRequest extends TwoChoices {
  protected isBetter(
    two: EndpointStatistics,
    weightOfTwo: number,
    one: EndpointStatistics,
    weightOfOne: number,
  ): boolean {
    return two.inFlight * weightOfOne < one.inFlight * weightOfTwo;
  }
}
