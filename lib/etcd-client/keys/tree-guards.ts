import type { ICompare, IRequestOp, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease } from './lease-id.js';
import { isAbsent, kvOf, leaseIs, read } from './operations.js';

/**
 * Comparisons that keep the tree consistent when a key is written: no ancestor is a file, no key exists below it, and its
 * directories still have the leases that were last read. The server checks them in the transaction of the write.
 */
export class TreeGuards {
  private readonly ancestors: readonly KeyPath[];
  private readonly leases = new Map<string, string>();

  constructor(private readonly path: KeyPath) {
    this.ancestors = path.ancestors;
  }

  /** The lease of the nearest directory with one. A node without a TTL inherits it, so it expires with the directory. */
  get inheritedLease(): string {
    for (const { directory } of this.ancestors.toReversed()) {
      const lease = this.leases.get(directory);
      if (lease !== undefined) return lease;
    }
    return '0';
  }

  /** The comparisons, with the leases that {@link TreeGuards.learn} found. */
  get compare(): readonly ICompare[] {
    return [
      isAbsent(this.path.directory, rangeEnd(this.path.directory)),
      ...this.ancestors.flatMap(({ key, directory }) => [
        isAbsent(key),
        leaseIs(directory, this.leases.get(directory) ?? '0'),
      ]),
    ];
  }

  /** The reads for {@link TreeGuards.learn}, for a transaction whose comparisons fail. */
  get reads(): readonly IRequestOp[] {
    return [
      read(this.path.directory, { end: rangeEnd(this.path.directory), keysOnly: true, limit: 1 }),
      ...this.ancestors.flatMap(({ key, directory }) => [
        read(key, { keysOnly: true }),
        read(directory, { keysOnly: true }),
      ]),
    ];
  }

  /**
   * Stores the results of the reads for the next attempt.
   *
   * @param position index of the first read in the response
   * @returns whether the key is a directory: a key exists below it
   * @throws KeysError 104 if an ancestor is a file
   */
  learn(response: ITxnResponse, position: number): boolean {
    this.ancestors.forEach(({ key, directory }, order) => {
      if (kvOf(response, position + 1 + 2 * order) !== undefined)
        throw new KeysError(KeysErrorCode.NotDir, key, Number(response.header.revision));
      const lease = kvOf(response, position + 2 + 2 * order)?.lease ?? '0';
      if (hasLease(lease)) this.leases.set(directory, lease);
      else this.leases.delete(directory);
    });
    return kvOf(response, position) !== undefined;
  }
}
