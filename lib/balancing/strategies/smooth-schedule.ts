/** A schedule has at most this many places, or eight for each endpoint if that is more. */
const MIN_MAX_PLACES = 1_024;
const MAX_PLACES_PER_ENDPOINT = 8;

/** The largest number of places in a schedule of `count` endpoints. */
export function maxPlaces(count: number): number {
  return Math.max(MIN_MAX_PLACES, MAX_PLACES_PER_ENDPOINT * count);
}

/**
 * One round of smooth weighted round robin: the indexes of the endpoints, in the order of nginx.
 *
 * Weights are divided by their greatest common divisor. When that leaves more than {@link maxPlaces} places, or when they
 * are no integers, they are rounded to as many places: a share is off by at most one place, and an endpoint whose share
 * is less than a place has one.
 *
 * Endpoints with equal weights take turns in a fixed order, so that only the distinct weights are compared at each place:
 * there are at most √(2 × places) of them, and few in practice.
 *
 * @param weights above 0
 */
export function smoothSchedule(weights: readonly number[]): Uint32Array {
  const counts = placesOf(weights);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const classes = classesOf(counts);
  const schedule = new Uint32Array(total);
  for (let place = 0; place < total; place++) {
    let best = classes[0];
    let bestValue = -Infinity;
    for (const each of classes) {
      // nginx's current weight of the endpoint whose turn it is in this class.
      const value = each.weight * (place + 1) - total * each.rounds;
      const isFirst = value === bestValue && each.due < (best?.due ?? 0);
      if (value > bestValue || isFirst) {
        best = each;
        bestValue = value;
      }
    }
    if (!best) break;
    schedule[place] = best.due;
    best.advance();
  }
  return schedule;
}

/** Endpoints with the same number of places. */
class WeightClass {
  readonly indexes: number[] = [];
  /** Index of the endpoint whose turn it is. */
  due = 0;
  /** How often each endpoint had its turn. */
  rounds = 0;
  private position = 0;

  constructor(readonly weight: number) {}

  add(index: number): void {
    if (this.indexes.length === 0) this.due = index;
    this.indexes.push(index);
  }

  advance(): void {
    this.position += 1;
    if (this.position === this.indexes.length) {
      this.position = 0;
      this.rounds += 1;
    }
    this.due = this.indexes[this.position] ?? 0;
  }
}

function classesOf(counts: readonly number[]): readonly WeightClass[] {
  const classes = new Map<number, WeightClass>();
  counts.forEach((count, index) => {
    let own = classes.get(count);
    if (!own) classes.set(count, (own = new WeightClass(count)));
    own.add(index);
  });
  return [...classes.values()];
}

/** The number of places of each endpoint. */
function placesOf(weights: readonly number[]): readonly number[] {
  const most = maxPlaces(weights.length);
  if (weights.every(Number.isInteger)) {
    const reduced = divided(weights);
    if (sum(reduced) <= most) return reduced;
  }
  // Each endpoint may get one place more than its share, by rounding up.
  const scale = (most - weights.length) / sum(weights);
  return divided(weights.map((weight) => Math.max(1, Math.round(weight * scale))));
}

function divided(integers: readonly number[]): readonly number[] {
  const divisor = integers.reduce(greatestCommonDivisor, 0);
  return divisor <= 1 ? integers : integers.map((each) => each / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
