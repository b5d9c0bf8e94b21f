/** Many times the caches of a processor, in places of four bytes. */
const PLACES = 1 << 24;
const READS = 1_000_000;
const ROUNDS = 5;

/**
 * Nanoseconds that a read of main memory takes. Each place says which one is read next, in one random cycle through all, so
 * that no read is foreseen.
 */
export function memoryReadNs(): number {
  const next = new Int32Array(PLACES).map((_, place) => place);
  for (let place = PLACES - 1; place > 0; place--) {
    const other = Math.floor(Math.random() * place);
    const kept = next[place]!;
    next[place] = next[other]!;
    next[other] = kept;
  }
  let fastest = Infinity;
  for (let round = 0, place = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let read = 0; read < READS; read++) place = next[place]!;
    const tookMs = performance.now() - start;
    // Always true; without a use of the result V8 would leave the reads out.
    if (place >= 0) fastest = Math.min(fastest, (tookMs * 1e6) / READS);
  }
  return fastest;
}
