/** Keys of the largest page: well below what any server or proxy refuses to send at once. */
const MAX_PAGE_KEYS = 1_000;
/** Keys of the smallest page. */
const MIN_PAGE_KEYS = 10;
/** By how much a page shrinks that did not arrive in time. */
const SHRINK_FACTOR = 4;
/** A page that arrives within this share of the timeout leaves room for one of twice the size. */
const QUICK_SHARE = 1 / 4;

/**
 * How many keys one page of a list has. Values may be large and the link slow: a page that did not arrive in time is
 * asked for smaller. All lists of a registry share one size, so that the next list begins with what works.
 */
export class PageSize {
  private keys = MAX_PAGE_KEYS;

  /** Keys to ask for. */
  get current(): number {
    return this.keys;
  }

  /** A page of `keys` did not arrive in time. */
  late(keys: number): void {
    this.keys = Math.min(this.keys, Math.max(MIN_PAGE_KEYS, Math.floor(keys / SHRINK_FACTOR)));
  }

  /** A full page of `keys` arrived after `elapsed` of `timeout` milliseconds. */
  arrived(keys: number, elapsed: number, timeout: number): void {
    if (keys < this.keys || elapsed > timeout * QUICK_SHARE) return;
    this.keys = Math.min(MAX_PAGE_KEYS, keys * 2);
  }
}
