/** Whether two lists of weights are equal. Then whatever was computed from one is valid for the other. */
export function sameWeights(
  one: readonly number[] | undefined,
  other: readonly number[] | undefined,
): boolean {
  if (!one || !other) return one === other;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
