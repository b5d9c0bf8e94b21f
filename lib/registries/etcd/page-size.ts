/** Keys of the largest page, well below the response limits of servers and proxies. */
const MAX_PAGE_KEYS = 1_000;
const MIN_PAGE_KEYS = 10;
/** Divisor of the page size after a timeout. */
const SHRINK_FACTOR = 4;
/** The page size doubles after a page that took at most this share of the timeout. */
const QUICK_SHARE = 1 / 4;

/**
 * Number of keys in one page of a list. It shrinks after a timeout, since values may be large and the link slow, and
 * grows again when pages arrive quickly. All lists of a registry share one instance, so the next list starts with a size
 * that works.
 */
export class PageSize {
  private keys = MAX_PAGE_KEYS;

  /** Number of keys for the next page. */
  get current(): number {
    return this.keys;
  }

  /** Records that a page of `keys` keys timed out. */
  timedOut(keys: number): void {
    this.keys = Math.min(this.keys, Math.max(MIN_PAGE_KEYS, Math.floor(keys / SHRINK_FACTOR)));
  }

  /** Records that a page of `keys` keys arrived after `elapsedMs` of `timeoutMs`. */
  completed(keys: number, elapsedMs: number, timeoutMs: number): void {
    if (keys < this.keys || elapsedMs > timeoutMs * QUICK_SHARE) return;
    this.keys = Math.min(MAX_PAGE_KEYS, keys * 2);
  }
}
