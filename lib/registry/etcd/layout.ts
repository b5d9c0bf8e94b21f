import { checkName, decodeSegment, encodeSegment } from '../../kernel/names.js';
import { type Slot } from '../item.js';
import { type Scope } from '../registry.js';

/** A range of etcd keys: one key, or all that begin with a prefix. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
}

/**
 * Where things are. An instance is at `<prefix>/<service>/<id>`, both as {@link encodeSegment} writes them; a plain key
 * is at itself. What begins with a dot below the prefix is the driver's own: no service is encoded so.
 */
export class EtcdLayout {
  constructor(readonly prefix: string) {}

  /**
   * The etcd key of a slot.
   *
   * @throws InvalidOptionError when a name is not one
   */
  keyOf(slot: Slot): string {
    if (slot.kind === 'key') {
      checkName('key', slot.key);
      return slot.key;
    }
    checkName('id', slot.id);
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

  /** The slot behind an etcd key of `scope`. Ids that others wrote unencoded are taken as they are. */
  slotOf(scope: Scope, key: string): Slot {
    if (scope.kind !== 'service') return scope;
    const segment = key.slice(this.folderOf(scope.service).length);
    return { kind: 'instance', service: scope.service, id: decodeSegment(segment) ?? segment };
  }

  /** Where a session keeps its record. */
  recordOf(lease: string): string {
    return `${this.prefix}/.sessions/${lease}`;
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
