import { type Clock } from '../../common/clock.js';
import { attempt } from '../../common/async/deadline.js';
import { type Random } from '../../common/random.js';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { checkDelete, checkGet, checkSet, checkValue, checkWatcher, refuseOptions } from './check-options.js';
import { isConditional } from './conditions.js';
import { createInOrder } from './create-in-order.js';
import { getNode } from './get-node.js';
import { KeyPath } from './key-path.js';
import { type KeysPort } from './keys-port.js';
import { KeyedMutex } from '../../common/async/keyed-mutex.js';
import { KeyLeases } from './key-leases.js';
import { type BareKeysResponse, type KeysResponse } from './node.js';
import {
  type CreateInOrderOptions,
  type CreateOptions,
  type DeleteOptions,
  type GetOptions,
  type SetOptions,
  type UpdateOptions,
  type WatcherOptions,
} from './options.js';
import { refresh } from './refresh.js';
import { removeNode } from './remove-node.js';
import { Store } from './store.js';
import { updateDirectory } from './update-directory.js';
import { Watcher } from './watcher.js';
import { write, type WriteRequest } from './write.js';

/** Asks for an answer without nodes. */
export interface NoValue {
  readonly noValueOnSuccess: true;
}

/** What time and chance come from. */
export interface KeysApiDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The v2 keys API on etcd's v3 store: a tree of files and directories with TTLs, conditions and watchers. Every call
 * rejects with the caller's own abort before anything else, with a `ClusterError` where no member served it, with a
 * {@link KeysError} where etcd answered no, and with an `InvalidOptionError` before anything is sent. Conditions are
 * checked and acted upon in one transaction.
 */
export class KeysApi {
  private readonly store: Store;
  private readonly leases: KeyLeases;
  private readonly mutex = new KeyedMutex();
  private readonly watchers = new Set<Watcher>();

  constructor(
    private readonly port: KeysPort,
    private readonly deps: KeysApiDeps,
  ) {
    this.leases = new KeyLeases(port, deps.clock, deps.random);
    this.store = new Store(port, this.leases, deps.clock, deps.random);
  }

  /**
   * Reads a file, or a directory with its nodes. The whole directory is read from the server, also where only its
   * own nodes are asked for.
   *
   * @throws KeysError 100 when there is nothing at `key`
   */
  async get(key: string, options: GetOptions = {}): Promise<KeysResponse> {
    checkGet(options);
    const { recursive = false, sort = false, quorum = true, signal } = options;
    return await getNode(this.store, { path: KeyPath.of(key), recursive, sort, quorum, signal });
  }

  /**
   * Writes a value, makes a directory, compares and swaps, or refreshes, as the options say. A plain set over an
   * existing key goes round the members like a read; one of a key that does not exist, or with a condition, is sent once.
   *
   * @throws KeysError 100, 101, 102, 104, 105 or 107 as the v2 server would
   */
  async set(key: string, value: string | undefined, options: SetOptions & NoValue): Promise<BareKeysResponse>;
  async set(key: string, value?: string, options?: SetOptions): Promise<KeysResponse>;
  async set(key: string, value?: string, options: SetOptions = {}): Promise<BareKeysResponse> {
    checkSet(options);
    const path = KeyPath.of(key);
    const text = checkValue(path, value, options);
    if (path.root) throw new KeysError(KeysErrorCode.RootReadOnly, path.key, this.store.revision);
    const answer = await this.write(path, text, options);
    if (options.noValueOnSuccess !== true) return answer;
    const { action, index, clusterId } = answer;
    return { action, index, clusterId };
  }

  /**
   * Writes a key that does not exist yet.
   *
   * @throws KeysError 105 when it does
   */
  async create(
    key: string,
    value: string | undefined,
    options: CreateOptions & NoValue,
  ): Promise<BareKeysResponse>;
  async create(key: string, value?: string, options?: CreateOptions): Promise<KeysResponse>;
  async create(key: string, value?: string, options: CreateOptions = {}): Promise<BareKeysResponse> {
    refuseOptions('create', options, ['prevExist', 'prevValue', 'prevIndex', 'refresh']);
    return await this.set(key, value, { ...options, prevExist: false });
  }

  /**
   * Writes a value under a new key of `directory`. Its name, the store's index in 20 digits, is greater than those of
   * all keys created there in order before.
   *
   * @throws KeysError 104 when `directory` is a file
   */
  async createInOrder(
    directory: string,
    value: string | undefined,
    options: CreateInOrderOptions & NoValue,
  ): Promise<BareKeysResponse>;
  async createInOrder(
    directory: string,
    value?: string,
    options?: CreateInOrderOptions,
  ): Promise<KeysResponse>;
  async createInOrder(
    directory: string,
    value?: string,
    options: CreateInOrderOptions = {},
  ): Promise<BareKeysResponse> {
    refuseOptions('createInOrder', options, ['prevExist', 'prevValue', 'prevIndex', 'refresh', 'dir']);
    checkSet(options);
    const path = KeyPath.of(directory);
    const text = checkValue(path, value, options);
    const { ttl, signal } = options;
    const answer = await attempt(
      { clock: this.deps.clock, timeoutMs: Infinity, signal, what: `creating a key in ${path.key}` },
      // One after the other: side by side they would only take each other's names away.
      async (inner) =>
        await this.mutex.run(path.key, async () =>
          createInOrder(this.store, path, { value: text, ttl, signal: inner }),
        ),
    );
    if (options.noValueOnSuccess !== true) return answer;
    const { action, index, clusterId } = answer;
    return { action, index, clusterId };
  }

  /**
   * Writes a key that exists, and whose value or index is as the options say.
   *
   * @throws KeysError 100 when it does not exist, 101 when it differs
   */
  async update(
    key: string,
    value: string | undefined,
    options: UpdateOptions & NoValue,
  ): Promise<BareKeysResponse>;
  async update(key: string, value?: string, options?: UpdateOptions): Promise<KeysResponse>;
  async update(key: string, value?: string, options: UpdateOptions = {}): Promise<BareKeysResponse> {
    refuseOptions('update', options, ['prevExist']);
    return await this.set(key, value, { ...options, prevExist: true });
  }

  /**
   * Deletes a file, an empty directory (`dir`) or a directory with everything in it (`recursive`). Never sent twice.
   *
   * @throws KeysError 100 not there, 101 conditions not met, 102 a directory, 107 the root, 108 not empty
   */
  async delete(key: string, options: DeleteOptions = {}): Promise<KeysResponse> {
    checkDelete(options);
    const path = KeyPath.of(key);
    if (path.root) throw new KeysError(KeysErrorCode.RootReadOnly, path.key, this.store.revision);
    const { dir = false, recursive = false, prevValue, prevIndex, signal } = options;
    return await removeNode(this.store, { path, dir, recursive, prevValue, prevIndex, signal });
  }

  /**
   * Follows a key, and with `recursive` everything below it. Nothing is sent before the first `next()`.
   */
  watcher(key: string, options: WatcherOptions = {}): Watcher {
    checkWatcher(options);
    const settings = { afterIndex: options.afterIndex ?? 0, recursive: options.recursive ?? false };
    return new Watcher(this.port, this.deps.clock, KeyPath.of(key), settings, this.watchers);
  }

  /** Lets go of every watch, and ends the leases that were left behind. Gives up on these when `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    for (const watcher of [...this.watchers]) watcher.close();
    await this.leases.close(signal);
  }

  private async write(path: KeyPath, value: string, options: SetOptions): Promise<KeysResponse> {
    const { ttl, signal, prevExist, prevIndex } = options;
    const dir = options.dir ?? false;
    const prevValue = dir ? undefined : options.prevValue;
    if (dir && prevExist === true) return await updateDirectory(this.store, { path, ttl, signal });
    const action = actionOf({ prevExist, prevValue, prevIndex });
    if (options.refresh === true && ttl !== undefined) {
      return dir
        ? await updateDirectory(this.store, { path, ttl, signal })
        : await refresh(this.store, { path, action, ttl, prevValue, prevIndex, signal });
    }
    return await write(this.store, { path, action, value, dir, ttl, prevValue, prevIndex, signal });
  }
}

function actionOf(
  options: Pick<SetOptions, 'prevExist' | 'prevValue' | 'prevIndex'>,
): WriteRequest['action'] {
  if (options.prevExist === false) return 'create';
  if (isConditional(options)) return 'compareAndSwap';
  return options.prevExist === true ? 'update' : 'set';
}
