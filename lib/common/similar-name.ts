import { escapeControls } from './escape.js';

/** The Damerau-Levenshtein distance: insertions, deletions, substitutions and transpositions from `a` to `b`. */
function distance(a: string, b: string): number {
  let previous: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (previous[j - 2] ?? 0) + 1);
      next.push(least);
    }
    previous = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Longer names get no suggestion, because the distance takes quadratic time. */
const MAX_LENGTH = 40;

/** Suggests a known name: « Did you mean "ttl"?». Returns an empty string if none is similar. */
export function similarName(name: string, known: readonly string[]): string {
  if (name.length > MAX_LENGTH) return '';
  const nearest = known
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0];
  // The known names may be those of a registry.
  return nearest ? ` Did you mean "${escapeControls(nearest.candidate)}"?` : '';
}
