import { type Aggregation, GAUGES, type GaugeName, type Labels, type Sample } from './metric-definitions.js';

const COMBINE: Readonly<Record<Aggregation, (one: number, other: number) => number>> = Object.freeze({
  min: Math.min,
  max: Math.max,
  sum: (one, other) => one + other,
});

/** A series with its identity, see {@link seriesKey}. */
export type MergedSamples = ReadonlyMap<GaugeName, ReadonlyMap<string, Sample>>;

/** The identity of a series within its metric. */
export function seriesKey(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * Combines samples with equal labels, by the aggregation of their metric: of several applications, or of keys that share
 * a label.
 *
 * @param limit replaces label values above their limit
 */
export function mergeSamples(samples: Iterable<Sample>, limit: (labels: Labels) => Labels): MergedSamples {
  const merged = new Map<GaugeName, Map<string, Sample>>();
  for (const { name, labels: given, value } of samples) {
    const labels = limit(given);
    let series = merged.get(name);
    if (!series) merged.set(name, (series = new Map<string, Sample>()));
    const key = seriesKey(labels);
    const before = series.get(key);
    const combine = COMBINE[GAUGES[name].aggregation];
    series.set(key, { name, labels, value: before ? combine(before.value, value) : value });
  }
  return merged;
}
