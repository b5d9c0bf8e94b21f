import { expected } from '../../common/expected.js';
import { checkName, decodeSegment, encodeSegment } from '../../common/names.js';
import { decodeUtf8, trimTrailingSlashes } from '../../common/strings.js';
import { checkScope } from '../../registry/check-record.js';
import { type InstanceKey, type EntryKey } from '../../registry/entry-record.js';
import { type Scope } from '../../registry/registry.js';

/** A range of etcd keys: one key, or all that begin with a prefix. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** The other key of an id, see {@link EtcdLayout.siblingOf}. */
export interface Sibling {
  readonly key: Buffer;
  /** Whether it is the key that this library writes. */
  readonly encoded: boolean;
}

/** Begins an id that stands for bytes which are no UTF-8. */
const HEX = '0x';

/**
 * Where things are. An instance is at `<prefix>/<service>/<id>`, both as {@link encodeSegment} writes them; a plain key
 * is at itself, which must not be where instances are. What begins with a dot below the prefix is the driver's own: no
 * service is encoded so.
 *
 * Other writers do not encode ids: etcd's Go package registers `10.0.0.9:80` where this library writes `10.0.0.9%3A80`.
 * Both keys carry the id `10.0.0.9:80`. While both are there, the encoded key decides what the id stands for.
 */
export class EtcdLayout {
  /** What the keys of all services begin with: the prefix and a slash, or nothing where the prefix is empty. */
  private readonly root: string;

  /** @param prefix `/a` for `/a/web/<id>`, `a` for `a/web/<id>`, `/` for `/web/<id>`, an empty string for `web/<id>` */
  constructor(readonly prefix: string) {
    this.root = prefix === '' ? '' : `${trimTrailingSlashes(prefix)}/`;
  }

  /**
   * The etcd key of an entry key.
   *
   * @throws InvalidOptionError when a name is not one, or that of a key lies where instances are
   */
  keyOf(entryKey: EntryKey): string {
    checkScope(entryKey);
    if (entryKey.kind === 'key') {
      if (this.isOfInstances(entryKey.key))
        throw expected('key', `outside of ${this.root}<service>/, where instances are`, entryKey.key);
      return entryKey.key;
    }
    return `${this.folderOf(entryKey.service)}${encodeSegment(entryKey.id)}`;
  }

  /**
   * All keys a scope may have.
   *
   * @throws InvalidOptionError when a name is not one
   */
  rangeOf(scope: Scope): KeyRange {
    if (scope.kind !== 'service') return { key: Buffer.from(this.keyOf(scope)) };
    const folder = Buffer.from(this.folderOf(scope.service));
    return { key: folder, rangeEnd: afterPrefix(folder) };
  }

  /**
   * The entry key behind an etcd key of `scope`. Ids that others wrote unencoded are taken as they are, and bytes that are
   * no UTF-8 as the hexadecimal digits of all of them.
   */
  entryKeyOf(scope: Scope, key: Uint8Array): EntryKey {
    if (scope.kind !== 'service') return scope;
    const bytes = this.segmentOf(scope.service, key);
    const segment = decodeUtf8(bytes) ?? `${HEX}${Buffer.from(bytes).toString('hex')}`;
    return { kind: 'instance', service: scope.service, id: decodeSegment(segment) ?? segment };
  }

  /**
   * The other etcd key of `scope` that carries the id of `key`, where one can exist: the encoded key for a key that
   * another writer chose, and the reverse.
   */
  siblingOf(scope: Scope, key: Uint8Array): Sibling | undefined {
    if (scope.kind !== 'service') return undefined;
    const bytes = this.segmentOf(scope.service, key);
    const segment = decodeUtf8(bytes);
    const { id } = this.entryKeyOf(scope, key) as InstanceKey;
    const decoded = segment === undefined ? undefined : decodeSegment(segment);
    const folder = this.folderOf(scope.service);
    if (decoded === undefined) return { key: Buffer.from(`${folder}${encodeSegment(id)}`), encoded: true };
    const foreign = foreignSegment(id, decoded !== segment);
    return foreign && { key: Buffer.concat([Buffer.from(folder), foreign]), encoded: false };
  }

  /** Where a session keeps its record. */
  recordOf(lease: string): string {
    return `${this.records}${lease}`;
  }

  private isOfInstances(key: string): boolean {
    const { root } = this;
    // The name of a service is never empty, so with an empty prefix no key of an instance begins with a slash.
    if (root === '' && key.startsWith('/')) return false;
    return key.startsWith(root) && key.includes('/', root.length);
  }

  /** All records of sessions. */
  get records(): string {
    return `${this.root}.sessions/`;
  }

  /** The keys that a right to a scope is a right to, in the words of `etcdctl role grant-permission`. */
  grantedFor(scope: Scope): string {
    return scope.kind === 'key' ? this.keyOf(scope) : `--prefix ${this.folderOf(scope.service)}`;
  }

  private segmentOf(service: string, key: Uint8Array): Uint8Array {
    return key.subarray(Buffer.byteLength(this.folderOf(service)));
  }

  private folderOf(service: string): string {
    checkName('service', service);
    return `${this.root}${encodeSegment(service)}/`;
  }
}

/** The first key after all that begin with `prefix`, whose last byte is a slash. */
function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

/** The segment by which another writer's key would carry `id`; undefined where none would. */
function foreignSegment(id: string, escaped: boolean): Buffer | undefined {
  if (escaped) return decodeSegment(id) === undefined ? Buffer.from(id) : undefined;
  const [, digits] = /^0x((?:[0-9a-f]{2})+)$/.exec(id) ?? [];
  const bytes = digits === undefined ? undefined : Buffer.from(digits, 'hex');
  return bytes && decodeUtf8(bytes) === undefined ? bytes : undefined;
}
