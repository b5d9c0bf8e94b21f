import { type PlainKey } from '../../registry/entry-record.js';
import { type ConsulClient } from './client.js';
import { type ConsulResponse, isObject } from './consul-response.js';
import { kvKeyOf } from './names.js';
import { type ConsulRequest } from './transport.js';

/** One operation of a transaction on keys. */
export interface KvOperation {
  readonly KV: Readonly<Record<string, unknown>>;
}

/** The outcome of a transaction. */
export type Outcome =
  | { readonly kind: 'done'; readonly response: ConsulResponse }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'session-gone' };

/**
 * Sends a transaction on one key. Consul applies all of its operations or none.
 *
 * @throws RegistryRefusedError when the token may not write the key
 * @throws RegistryUnavailableError when Consul cannot be reached, or delays the lock of the key
 */
export async function transact(
  client: ConsulClient,
  body: readonly KvOperation[],
  entryKey: PlainKey,
  signal: AbortSignal,
): Promise<Outcome> {
  const { dc } = client.settings;
  const query = dc === undefined ? {} : { dc };
  const request: ConsulRequest = { method: 'PUT', path: '/txn', query, body };
  const response = await client.send(request, { signal, timeoutMs: client.writeTimeoutMs });
  if (response.ok) return { kind: 'done', response };
  if (response.status !== 409) throw client.errorOf(request, response);
  const message = client.read(response, errorsOf);
  if (/permission denied/i.test(message))
    throw client.refused(request, `${message} for key "${kvKeyOf(entryKey)}"`);
  if (message.includes('invalid session')) return { kind: 'session-gone' };
  if (message.includes('lock delay')) throw client.unavailable(new Error(message));
  return { kind: 'conflict' };
}

/**
 * Removes a key that has this version, whichever session locks it. Returns whether it did.
 *
 * @throws as {@link transact}
 */
export async function discardKey(
  client: ConsulClient,
  entryKey: PlainKey,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  const Key = kvKeyOf(entryKey);
  const operations = [
    { KV: { Verb: 'check-index', Key, Index: Number(version) } },
    { KV: { Verb: 'delete', Key } },
  ];
  return (await transact(client, operations, entryKey, signal)).kind === 'done';
}

/** The indexes of the key that the last operation of a transaction has written. */
export function indexesOf(response: ConsulResponse): {
  readonly modifyIndex: number;
  readonly createIndex: number;
} {
  const results = response.object().Results;
  const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
  const { ModifyIndex: modifyIndex, CreateIndex: createIndex } =
    isObject(last) && isObject(last.KV) ? last.KV : {};
  if (typeof modifyIndex !== 'number' || typeof createIndex !== 'number')
    throw response.unexpected('the results of a transaction', results);
  return { modifyIndex, createIndex };
}

function errorsOf(response: ConsulResponse): string {
  const errors = response.object().Errors;
  if (!Array.isArray(errors)) throw response.unexpected('the errors of a transaction', errors);
  return errors
    .map((error: unknown) => (isObject(error) ? error.What : undefined))
    .filter((what) => typeof what === 'string')
    .join('; ');
}
