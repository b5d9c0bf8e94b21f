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

/** Selects the overloads whose response has no nodes. */
export interface NoValue {
  readonly noValueOnSuccess: true;
}

/** Dependencies of {@link KeysApi}. */
export interface KeysApiDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The v2 keys API on etcd's v3 store: a tree of files and directories with TTLs, conditions and watchers. Each condition
 * is checked in the transaction of its write.
 *
 * Every call rejects with the reason of its aborted signal before any other error, with an `InvalidOptionError` before
 * it sends a request, with a `ClusterError` if no member served it, and with a {@link KeysError} if etcd refused it.
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
   * Reads a file, or a directory with its nodes. Reads the whole tree of a directory from the server, also without
   * `recursive`.
   *
   * @throws KeysError 100 if `key` does not exist
   */
  async get(key: string, options: GetOptions = {}): Promise<KeysResponse> {
    checkGet(options);
    const { recursive = false, sort = false, quorum = true, signal } = options;
    return await getNode(this.store, { path: KeyPath.of(key), recursive, sort, quorum, signal });
  }

  /**
   * Writes a value, creates a directory, compares and swaps, or refreshes, depending on the options. A write without
   * conditions to an existing key is retried on other members. A write with conditions or to a new key is sent once.
   *
   * @throws KeysError 100, 101, 102, 104, 105 or 107, as the v2 server
   */
  async set(key: string, value: string | undefined, options: SetOptions & NoValue): Promise<BareKeysResponse>;
  async set(key: string, value?: string, options?: SetOptions): Promise<KeysResponse>;
  async set(key: string, value?: string, options: SetOptions = {}): Promise<BareKeysResponse> {
    checkSet(options);
    const path = KeyPath.of(key);
    const checked = checkValue(path, value, options);
    if (path.root) throw new KeysError(KeysErrorCode.RootReadOnly, path.key, this.store.revision);
    const response = await this.write(path, checked, options);
    if (options.noValueOnSuccess !== true) return response;
    const { action, index, clusterId } = response;
    return { action, index, clusterId };
  }

  /**
   * Creates a key.
   *
   * @throws KeysError 105 if it exists
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
   * Creates a key with a generated name in `directory`. The name is the store's index in 20 digits, greater than all names
   * generated there before.
   *
   * @throws KeysError 104 if `directory` is a file
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
    const checked = checkValue(path, value, options);
    const { ttl, signal } = options;
    const response = await attempt(
      { clock: this.deps.clock, timeoutMs: Infinity, signal, what: `creating a key in ${path.key}` },
      // Concurrent calls would generate the same name and retry, so calls for one directory run one at a time.
      async (inner) =>
        await this.mutex.run(path.key, async () =>
          createInOrder(this.store, path, { value: checked, ttl, signal: inner }),
        ),
    );
    if (options.noValueOnSuccess !== true) return response;
    const { action, index, clusterId } = response;
    return { action, index, clusterId };
  }

  /**
   * Writes an existing key, with `prevValue` or `prevIndex` only if it matches.
   *
   * @throws KeysError 100 if it does not exist, 101 if it does not match
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
   * Deletes a file, an empty directory (`dir`) or a directory with all nodes below it (`recursive`). Never retried.
   *
   * @throws KeysError 100 if the key does not exist, 101 if a condition failed, 102 if it is a directory, 107 for the root,
   * 108 if the directory is not empty
   */
  async delete(key: string, options: DeleteOptions = {}): Promise<KeysResponse> {
    checkDelete(options);
    const path = KeyPath.of(key);
    if (path.root) throw new KeysError(KeysErrorCode.RootReadOnly, path.key, this.store.revision);
    const { dir = false, recursive = false, prevValue, prevIndex, signal } = options;
    return await removeNode(this.store, { path, dir, recursive, prevValue, prevIndex, signal });
  }

  /**
   * Creates a watcher of a key, and with `recursive` of all keys below it. The first `next()` sends the first request.
   *
   * @throws InvalidOptionError if an option or the key is invalid
   */
  watcher(key: string, options: WatcherOptions = {}): Watcher {
    checkWatcher(options);
    const settings = { afterIndex: options.afterIndex ?? 0, recursive: options.recursive ?? false };
    return new Watcher(this.port, this.deps.clock, KeyPath.of(key), settings, this.watchers);
  }

  /** Closes all watchers and revokes unused leases, until `signal` aborts. */
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
