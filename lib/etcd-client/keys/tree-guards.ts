import type { ICompare, IRequestOp, ITxnResponse } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { rangeEnd, type KeyPath } from './key-path.js';
import { hasLease } from './lease-id.js';
import { isAbsent, kvOf, leaseIs, read } from './operations.js';

/**
 * What must hold around a key for a write to keep the tree a tree: nothing above it is a file, nothing is below it,
 * and the directories above live as long as was thought. Checked by the server in the same transaction as the write.
 */
export class TreeGuards {
  private readonly ancestors: readonly KeyPath[];
  private readonly leases = new Map<string, string>();

  constructor(private readonly path: KeyPath) {
    this.ancestors = path.ancestors;
  }

  /** The lease of the nearest directory above that has one: what is put into it goes when it goes. */
  get inheritedLease(): string {
    for (const { directory } of this.ancestors.toReversed()) {
      const lease = this.leases.get(directory);
      if (lease !== undefined) return lease;
    }
    return '0';
  }

  get compare(): readonly ICompare[] {
    return [
      isAbsent(this.path.directory, rangeEnd(this.path.directory)),
      ...this.ancestors.flatMap(({ key, directory }) => [
        isAbsent(key),
        leaseIs(directory, this.leases.get(directory) ?? '0'),
      ]),
    ];
  }

  /** What {@link learn} needs to read where the transaction did not write. */
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
   * Takes in what the reads found, from `position` on, for the next attempt.
   *
   * @returns whether something is below the key, which makes it a directory
   * @throws KeysError 104 when something above is a file
   */
  learn(answer: ITxnResponse, position: number): boolean {
    this.ancestors.forEach(({ key, directory }, order) => {
      if (kvOf(answer, position + 1 + 2 * order) !== undefined)
        throw new KeysError(KeysErrorCode.NotDir, key, Number(answer.header.revision));
      const lease = kvOf(answer, position + 2 + 2 * order)?.lease ?? '0';
      if (hasLease(lease)) this.leases.set(directory, lease);
      else this.leases.delete(directory);
    });
    return kvOf(answer, position) !== undefined;
  }
}
