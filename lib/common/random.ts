/** A source of random numbers in [0, 1). `Math.random` in production, a seeded one in tests. */
export type Random = () => number;
