/** The units of Go's durations, in milliseconds. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/** The longest duration of Go, in milliseconds: 2^63 nanoseconds. */
const MAX_DURATION_MS = 2 ** 63 / 1e6;

/** Parses a Go duration (`10s`, `1h30m`, `1.5s`, `0`) into milliseconds. Returns undefined for any other string. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const body = text.replace(/^[-+]/, '');
  if (body === '0') return 0;
  let total = 0;
  PART.lastIndex = 0;
  let at = 0;
  for (let match = PART.exec(body); match; match = PART.exec(body)) {
    total += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
    at = PART.lastIndex;
  }
  return at === body.length && at > 0 && total <= MAX_DURATION_MS ? sign * total : undefined;
}
