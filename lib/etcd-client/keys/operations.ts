import type { ICompare, IKeyValue, IRangeResponse, IRequestOp, ITxnResponse } from 'etcd3';

/** A text as etcd's bytes. */
export function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** The key is not there; with `end`, no key of the range is. */
export function isAbsent(key: string, end?: string): ICompare {
  return {
    target: 'Version',
    result: 'Equal',
    key: bytes(key),
    version: '0',
    ...(end === undefined ? {} : { range_end: bytes(end) }),
  };
}

/** The key is there. */
export function isPresent(key: string): ICompare {
  return { target: 'Version', result: 'NotEqual', key: bytes(key), version: '0' };
}

/** The key was last changed at exactly this revision. */
export function modifiedAt(key: string, revision: number): ICompare {
  return { target: 'Mod', result: 'Equal', key: bytes(key), mod_revision: String(revision) };
}

/** The key was not changed after this revision; holds also where it is not there. */
export function notModifiedSince(key: string, revision: number): ICompare {
  return { target: 'Mod', result: 'Less', key: bytes(key), mod_revision: String(revision + 1) };
}

/** The key is there with this value. */
export function valueIs(key: string, value: string): ICompare {
  return { target: 'Value', result: 'Equal', key: bytes(key), value: bytes(value) };
}

/** The key stands on this lease; `0` also where the key is not there. */
export function leaseIs(key: string, lease: string): ICompare {
  return { target: 'Lease', result: 'Equal', key: bytes(key), lease };
}

/** How much of a key, or of a range, an operation reads. */
export interface ReadShape {
  readonly end?: string;
  readonly keysOnly?: boolean;
  readonly limit?: number;
  readonly serializable?: boolean;
}

/** A read inside a transaction. */
export function read(key: string, shape: ReadShape = {}): IRequestOp {
  return {
    request_range: {
      key: bytes(key),
      ...(shape.end === undefined ? {} : { range_end: bytes(shape.end) }),
      ...(shape.limit === undefined ? {} : { limit: String(shape.limit) }),
      keys_only: shape.keysOnly ?? false,
      serializable: shape.serializable ?? false,
    },
  };
}

/** A write inside a transaction, which answers what was there before. */
export function put(key: string, value: string, lease: string): IRequestOp {
  return { request_put: { key: bytes(key), value: bytes(value), lease, prev_kv: true } };
}

/** Binds a key to another lease and leaves its value as it is. */
export function rebind(key: string, lease: string): IRequestOp {
  return { request_put: { key: bytes(key), lease, ignore_value: true, prev_kv: true } };
}

/** A delete inside a transaction. Of a single key it answers what was there before. */
export function remove(key: string, end?: string): IRequestOp {
  return {
    request_delete_range: {
      key: bytes(key),
      prev_kv: end === undefined,
      ...(end === undefined ? {} : { range_end: bytes(end) }),
    },
  };
}

/** What the read at `position` of a transaction found. */
export function kvsOf(answer: ITxnResponse, position: number): readonly IKeyValue[] {
  const response: Partial<IRangeResponse> | null | undefined = answer.responses[position]?.response_range;
  return response?.kvs ?? [];
}

/** The one key the read at `position` of a transaction found. */
export function kvOf(answer: ITxnResponse, position: number): IKeyValue | undefined {
  return kvsOf(answer, position)[0];
}

/** What the write or delete at `position` of a transaction replaced. */
export function previousOf(answer: ITxnResponse, position: number): IKeyValue | undefined {
  const response = answer.responses[position];
  const deleted = response?.response_delete_range as
    { readonly prev_kvs?: readonly IKeyValue[] | null } | null | undefined;
  const written = response?.response_put as { readonly prev_kv?: IKeyValue | null } | null | undefined;
  return written?.prev_kv ?? deleted?.prev_kvs?.[0];
}

/** How many keys the delete at `position` of a transaction removed. */
export function deletedOf(answer: ITxnResponse, position: number): number {
  const response = answer.responses[position]?.response_delete_range as
    { readonly deleted?: string } | null | undefined;
  return Number(response?.deleted ?? 0);
}
