/** Measures one side once. */
export type Measure<Value = number> = () => Value | Promise<Value>;

/**
 * Measures all sides in every round and changes their order from round to round, so that a machine that warms up, slows
 * down or has other work favours none. Every side runs once before, unmeasured.
 */
export async function alternate<Name extends string, Value = number>(
  rounds: number,
  sides: Readonly<Record<Name, Measure<Value>>>,
): Promise<Record<Name, Value[]>> {
  const names = Object.keys(sides) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Record<Name, Value[]>;
  for (const name of names) await sides[name]();
  for (let round = 0; round < rounds; round++) {
    const start = round % names.length;
    for (const name of [...names.slice(start), ...names.slice(0, start)])
      values[name].push(await sides[name]());
  }
  return values;
}
