import { expected } from '../../kernel/expected.js';
import { checkName, decodeSegment, encodeSegment } from '../../kernel/names.js';
import { utf8 } from '../../kernel/utf8.js';
import { checkScope } from '../check-item.js';
import { type Slot } from '../item.js';
import { type Scope } from '../registry.js';

/** A range of etcd keys: one key, or all that begin with a prefix. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/**
 * Where things are. An instance is at `<prefix>/<service>/<id>`, both as {@link encodeSegment} writes them; a plain key
 * is at itself, which must not be where instances are. What begins with a dot below the prefix is the driver's own: no
 * service is encoded so.
 */
export class EtcdLayout {
  constructor(readonly prefix: string) {}

  /**
   * The etcd key of a slot.
   *
   * @throws InvalidOptionError when a name is not one, or that of a key lies where instances are
   */
  keyOf(slot: Slot): string {
    checkScope(slot);
    if (slot.kind === 'key') {
      if (this.isOfInstances(slot.key))
        throw expected('key', `outside of ${this.prefix}/<service>/, where instances are`, slot.key);
      return slot.key;
    }
    return `${this.folderOf(slot.service)}${encodeSegment(slot.id)}`;
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
   * The slot behind an etcd key of `scope`. Ids that others wrote unencoded are taken as they are, and bytes that are
   * no UTF-8 as the hexadecimal digits of all of them.
   */
  slotOf(scope: Scope, key: Uint8Array): Slot {
    if (scope.kind !== 'service') return scope;
    const bytes = key.subarray(Buffer.byteLength(this.folderOf(scope.service)));
    const segment = utf8(bytes) ?? `0x${Buffer.from(bytes).toString('hex')}`;
    return { kind: 'instance', service: scope.service, id: decodeSegment(segment) ?? segment };
  }

  /** Where a session keeps its record. */
  recordOf(lease: string): string {
    return `${this.records}${lease}`;
  }

  private isOfInstances(key: string): boolean {
    const folder = `${this.prefix}/`;
    return key.startsWith(folder) && key.includes('/', folder.length);
  }

  /** All records of sessions. */
  get records(): string {
    return `${this.prefix}/.sessions/`;
  }

  /** The keys that a right to a scope is a right to, in the words of `etcdctl role grant-permission`. */
  grantedFor(scope: Scope): string {
    return scope.kind === 'key' ? this.keyOf(scope) : `--prefix ${this.folderOf(scope.service)}`;
  }

  private folderOf(service: string): string {
    checkName('service', service);
    return `${this.prefix}/${encodeSegment(service)}/`;
  }
}

/** The first key after all that begin with `prefix`, whose last byte is a slash. */
function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
