import type { ICompare, IKeyValue, IRangeResponse, IRequestOp, ITxnResponse } from 'etcd3';

/** Encodes a string as UTF-8, as etcd takes keys and values. */
export function bytes(value: string): Buffer {
  return Buffer.from(value);
}

/** Compares: the key does not exist; with `end`, no key of the range exists. */
export function isAbsent(key: string, end?: string): ICompare {
  return {
    target: 'Version',
    result: 'Equal',
    key: bytes(key),
    version: '0',
    ...(end === undefined ? {} : { range_end: bytes(end) }),
  };
}

/** Compares: the key exists. */
export function isPresent(key: string): ICompare {
  return { target: 'Version', result: 'NotEqual', key: bytes(key), version: '0' };
}

/** Compares: the last change of the key has exactly this revision. */
export function modifiedAt(key: string, revision: number): ICompare {
  return { target: 'Mod', result: 'Equal', key: bytes(key), mod_revision: String(revision) };
}

/** Compares: the key has not changed after this revision. Also true if it does not exist. */
export function notModifiedSince(key: string, revision: number): ICompare {
  return { target: 'Mod', result: 'Less', key: bytes(key), mod_revision: String(revision + 1) };
}

/** Compares: the key exists with this value. */
export function valueIs(key: string, value: string): ICompare {
  return { target: 'Value', result: 'Equal', key: bytes(key), value: bytes(value) };
}

/** Compares: the key is bound to this lease. `0` is also true if the key does not exist. */
export function leaseIs(key: string, lease: string): ICompare {
  return { target: 'Lease', result: 'Equal', key: bytes(key), lease };
}

/** Options of {@link read}. */
export interface ReadOptions {
  /** Exclusive end of the range; a single key unless given. */
  readonly end?: string;
  readonly keysOnly?: boolean;
  readonly limit?: number;
  readonly serializable?: boolean;
}

/** A read in a transaction. */
export function read(key: string, options: ReadOptions = {}): IRequestOp {
  return {
    request_range: {
      key: bytes(key),
      ...(options.end === undefined ? {} : { range_end: bytes(options.end) }),
      ...(options.limit === undefined ? {} : { limit: String(options.limit) }),
      keys_only: options.keysOnly ?? false,
      serializable: options.serializable ?? false,
    },
  };
}

/** A put in a transaction; its response has the previous value. */
export function put(key: string, value: string, lease: string): IRequestOp {
  return { request_put: { key: bytes(key), value: bytes(value), lease, prev_kv: true } };
}

/** A put that binds a key to another lease and keeps its value. */
export function rebind(key: string, lease: string): IRequestOp {
  return { request_put: { key: bytes(key), lease, ignore_value: true, prev_kv: true } };
}

/** A delete in a transaction. For a single key, its response has the previous value. */
export function remove(key: string, end?: string): IRequestOp {
  return {
    request_delete_range: {
      key: bytes(key),
      prev_kv: end === undefined,
      ...(end === undefined ? {} : { range_end: bytes(end) }),
    },
  };
}

/** The results of the read at `position` of a transaction. */
export function kvsOf(response: ITxnResponse, position: number): readonly IKeyValue[] {
  const range: Partial<IRangeResponse> | null | undefined = response.responses[position]?.response_range;
  return range?.kvs ?? [];
}

/** The first result of the read at `position` of a transaction. */
export function kvOf(response: ITxnResponse, position: number): IKeyValue | undefined {
  return kvsOf(response, position)[0];
}

/** The previous value that the put or delete at `position` of a transaction replaced. */
export function previousOf(response: ITxnResponse, position: number): IKeyValue | undefined {
  const operation = response.responses[position];
  const deleted = operation?.response_delete_range as
    { readonly prev_kvs?: readonly IKeyValue[] | null } | null | undefined;
  const written = operation?.response_put as { readonly prev_kv?: IKeyValue | null } | null | undefined;
  return written?.prev_kv ?? deleted?.prev_kvs?.[0];
}

/** The number of keys that the delete at `position` of a transaction removed. */
export function deletedOf(response: ITxnResponse, position: number): number {
  const range = response.responses[position]?.response_delete_range as
    { readonly deleted?: string } | null | undefined;
  return Number(range?.deleted ?? 0);
}
