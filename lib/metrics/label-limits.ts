import { type Labels } from './metric-definitions.js';

/** The value of a label for everything above its limit. */
export const OTHER = '_other';

/** Number of values a label may have in one process. Labels without a limit have a fixed set of values. */
const LIMITS: Readonly<Record<string, number>> = Object.freeze({
  key: 100,
  name: 100,
  service_name: 500,
});

/**
 * Bounds the number of series: the first values of a label keep their name, all further ones share {@link OTHER}. A value
 * keeps its place for the life of the process, since counters never forget a series.
 */
export class LabelLimits {
  private readonly known = new Map<string, Set<string>>();

  /** @param onLimit called once for each label that reaches its limit */
  constructor(private readonly onLimit: (label: string, limit: number) => void) {}

  /** Returns `labels`, or a copy in which values above the limit are replaced. */
  apply(labels: Labels): Labels {
    let limited = labels;
    for (const [label, value] of Object.entries(labels)) {
      if (this.admits(label, value)) continue;
      limited = { ...limited, [label]: OTHER };
    }
    return limited;
  }

  private admits(label: string, value: string): boolean {
    const limit = LIMITS[label];
    if (limit === undefined) return true;
    let known = this.known.get(label);
    if (!known) this.known.set(label, (known = new Set()));
    if (known.has(value)) return true;
    if (known.size < limit) {
      known.add(value);
      return true;
    }
    if (!known.has(OTHER)) {
      known.add(OTHER);
      this.onLimit(label, limit);
    }
    return false;
  }
}
