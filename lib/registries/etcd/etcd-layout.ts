import { expected } from '../../common/expected.js';
import { checkName, decodeSegment, encodeSegment } from '../../common/names.js';
import { decodeUtf8, trimTrailingSlashes } from '../../common/strings.js';
import { checkScope } from '../../registry/check-record.js';
import { type InstanceKey, type EntryKey } from '../../registry/entry-record.js';
import { type Scope } from '../../registry/registry.js';

/** A range of etcd keys: one key, or all keys with a prefix. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/** The other etcd key with the same id, see {@link EtcdLayout.siblingOf}. */
export interface Sibling {
  readonly key: Buffer;
  /** Whether this is the percent-encoded key, which this library writes. */
  readonly encoded: boolean;
}

/** Prefix of an id that represents bytes other than UTF-8. */
const HEX_PREFIX = '0x';

/**
 * Maps entry keys to etcd keys. A key of a space has the etcd key `<prefix>/.<space>/<name>`. An instance has the key `<prefix>/<service>/<id>`, where {@link encodeSegment} encodes
 * service and id. A plain key is stored under its own name, which must not be an instance's key. Names that begin with a
 * dot below the prefix are reserved for the driver: no encoded service begins with a dot.
 *
 * Other writers do not encode ids: etcd's Go package writes `10.0.0.9:80`, this library writes `10.0.0.9%3A80`. Both keys
 * have the id `10.0.0.9:80`. While both exist, the encoded key wins.
 */
export class EtcdLayout {
  /** Common prefix of all services' keys, with a slash at its end; empty for an empty prefix. */
  readonly root: string;
  /** The folder of the last service: each event of a watch needs it. */
  private lastFolder:
    { readonly service: string; readonly folder: string; readonly bytes: number } | undefined;

  /** @param prefix `/a` for `/a/web/<id>`, `a` for `a/web/<id>`, `/` for `/web/<id>`, an empty string for `web/<id>` */
  constructor(readonly prefix: string) {
    this.root = prefix === '' ? '' : `${trimTrailingSlashes(prefix)}/`;
  }

  /**
   * The etcd key of an entry key.
   *
   * @throws InvalidOptionError if a name is invalid, or a plain key has the form of an instance's key
   */
  keyOf(entryKey: EntryKey): string {
    checkScope(entryKey);
    if (entryKey.kind === 'key' && entryKey.space !== undefined)
      return `${this.root}.${entryKey.space}/${encodeSegment(entryKey.key)}`;
    if (entryKey.kind === 'key') {
      if (this.isInstanceKey(entryKey.key))
        throw expected('key', `outside ${this.root}<service>/, where instances are stored`, entryKey.key);
      return entryKey.key;
    }
    return `${this.folderOf(entryKey.service)}${encodeSegment(entryKey.id)}`;
  }

  /**
   * The range of all etcd keys of a scope.
   *
   * @throws InvalidOptionError if a name is invalid
   */
  rangeOf(scope: Scope): KeyRange {
    if (scope.kind !== 'service') return { key: Buffer.from(this.keyOf(scope)) };
    const folder = Buffer.from(this.folderOf(scope.service));
    return { key: folder, rangeEnd: prefixEnd(folder) };
  }

  /**
   * The entry key of an etcd key in `scope`. An id that another writer did not encode is used unchanged. An id that is not
   * UTF-8 is shown as `0x` and its bytes in hexadecimal digits.
   */
  entryKeyOf(scope: Scope, key: Uint8Array): EntryKey {
    if (scope.kind !== 'service') return scope;
    const bytes = this.segmentOf(scope.service, key);
    const segment = decodeUtf8(bytes) ?? `${HEX_PREFIX}${Buffer.from(bytes).toString('hex')}`;
    return { kind: 'instance', service: scope.service, id: decodeSegment(segment) ?? segment };
  }

  /**
   * The other etcd key in `scope` with the same id as `key`, if one can exist: the encoded key for an unencoded one, and
   * the reverse.
   */
  siblingOf(scope: Scope, key: Uint8Array): Sibling | undefined {
    if (scope.kind !== 'service') return undefined;
    const bytes = this.segmentOf(scope.service, key);
    const segment = decodeUtf8(bytes);
    const decoded = segment === undefined ? undefined : decodeSegment(segment);
    // Nearly all ids are the same encoded and not, and then there is no other key.
    if (decoded !== undefined && decoded === segment && !decoded.startsWith(HEX_PREFIX)) return undefined;
    const { id } = this.entryKeyOf(scope, key) as InstanceKey;
    const folder = this.folderOf(scope.service);
    if (decoded === undefined) return { key: Buffer.from(`${folder}${encodeSegment(id)}`), encoded: true };
    const foreign = foreignSegment(id, decoded !== segment);
    return foreign && { key: Buffer.concat([Buffer.from(folder), foreign]), encoded: false };
  }

  /** The etcd key of a session's record. */
  sessionKeyOf(lease: string): string {
    return `${this.sessionsPrefix}${lease}`;
  }

  /** The range of all keys below the prefix. */
  get all(): KeyRange {
    const { root } = this;
    if (root === '') return { key: Buffer.of(0), rangeEnd: Buffer.of(0) };
    return { key: Buffer.from(root), rangeEnd: prefixEnd(Buffer.from(root)) };
  }

  /** Whether a key is a plain key: neither an instance's nor one of the driver's own. */
  isPlainKey(key: string): boolean {
    return !this.isInstanceKey(key);
  }

  private isInstanceKey(key: string): boolean {
    const { root } = this;
    // With an empty prefix no instance's key begins with a slash, since a service's name is never empty.
    if (root === '' && key.startsWith('/')) return false;
    return key.startsWith(root) && key.includes('/', root.length);
  }

  /** Common prefix of all sessions' records. */
  get sessionsPrefix(): string {
    return `${this.root}.sessions/`;
  }

  /** The keys of a scope as `etcdctl role grant-permission` takes them. */
  permissionTarget(scope: Scope): string {
    return scope.kind === 'key' ? this.keyOf(scope) : `--prefix ${this.folderOf(scope.service)}`;
  }

  private segmentOf(service: string, key: Uint8Array): Uint8Array {
    const last = this.lastFolder?.service === service ? this.lastFolder : undefined;
    return key.subarray(last?.bytes ?? Buffer.byteLength(this.folderOf(service)));
  }

  private folderOf(service: string): string {
    if (this.lastFolder?.service === service) return this.lastFolder.folder;
    checkName('service', service);
    const folder = `${this.root}${encodeSegment(service)}/`;
    this.lastFolder = { service, folder, bytes: Buffer.byteLength(folder) };
    return folder;
  }
}

/** Exclusive end of the range of all keys that begin with `prefix`, in UTF-8: no byte of it is 255. */
export function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

/** The unencoded segment with which another writer would store `id`; undefined if there is none. */
function foreignSegment(id: string, escaped: boolean): Buffer | undefined {
  if (escaped) return decodeSegment(id) === undefined ? Buffer.from(id) : undefined;
  const [, digits] = /^0x((?:[0-9a-f]{2})+)$/.exec(id) ?? [];
  const bytes = digits === undefined ? undefined : Buffer.from(digits, 'hex');
  return bytes && decodeUtf8(bytes) === undefined ? bytes : undefined;
}
