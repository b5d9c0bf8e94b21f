/** The headers of a request in one of undici's forms: a flat array, an iterable of pairs, or an object. */
type RequestHeaders = unknown;

/** What the client must know of the headers of a request. */
export interface HeadersForService {
  /** The headers with `Host`. */
  readonly headers: RequestHeaders;
  /** Whether there is an `Idempotency-Key`: the server recognizes a repeated request. */
  readonly hasIdempotencyKey: boolean;
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}

/** Converts pairs to undici's flat form. */
function flatten(headers: Iterable<unknown>): readonly unknown[] {
  const list = [...headers];
  return Array.isArray(list[0]) ? list.flat() : list;
}

/** Adds `Host` to the headers of a request, unless it has one: two are an error. */
export function forService(headers: RequestHeaders, host: string): HeadersForService {
  if (headers === null || headers === undefined) return { headers: { host }, hasIdempotencyKey: false };
  if (typeof headers === 'object' && isIterable(headers)) {
    const flat = flatten(headers);
    const names = flat.filter((_, at) => at % 2 === 0);
    return {
      headers: names.some(isHost) ? flat : ['host', host, ...flat],
      hasIdempotencyKey: names.some(isIdempotencyKey),
    };
  }
  let hasHost = false;
  let hasIdempotencyKey = false;
  for (const name of Object.keys(headers)) {
    hasHost ||= isHost(name);
    hasIdempotencyKey ||= isIdempotencyKey(name);
  }
  // In this order, V8 takes a sixth of the time.
  return { headers: hasHost ? headers : { host, ...headers }, hasIdempotencyKey };
}

// The length decides for nearly every header, without a lower-case copy.
const isHost = (name: unknown): boolean =>
  typeof name === 'string' && name.length === 4 && name.toLowerCase() === 'host';
const isIdempotencyKey = (name: unknown): boolean =>
  typeof name === 'string' && name.length === 15 && name.toLowerCase() === 'idempotency-key';
