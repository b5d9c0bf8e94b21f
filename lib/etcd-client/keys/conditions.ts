import { isUtf8 } from 'node:buffer';
import type { ICompare, IKeyValue } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { bytes, isPresent, modifiedAt, valueIs } from './operations.js';

/** Conditions on the previous state of a key. */
export interface Conditions {
  readonly prevValue?: string | undefined;
  readonly prevIndex?: number | undefined;
}

/** Whether at least one condition is set. */
export function isConditional({ prevValue, prevIndex }: Conditions): boolean {
  return prevValue !== undefined || prevIndex !== undefined;
}

/** Converts the conditions to comparisons of the transaction that writes or deletes the key. */
export function conditionCompares(key: string, { prevValue, prevIndex }: Conditions): readonly ICompare[] {
  return [
    isPresent(key),
    ...(prevIndex === undefined ? [] : [modifiedAt(key, prevIndex)]),
    ...(prevValue === undefined ? [] : [valueIs(key, prevValue)]),
  ];
}

/** A message shows at most this many bytes of a value that is not UTF-8. */
const MAX_SHOWN_BYTES = 32;

function shown(value: Buffer): string {
  if (isUtf8(value)) return value.toString();
  const more = value.length > MAX_SHOWN_BYTES ? '…' : '';
  return `bytes ${value.toString('hex', 0, MAX_SHOWN_BYTES)}${more}, which are not UTF-8`;
}

/** The v2 server's error for conditions that `found` does not meet; undefined if it meets them. */
export function conditionError(
  found: IKeyValue,
  conditions: Conditions,
  index: number,
): KeysError | undefined {
  const { prevValue, prevIndex } = conditions;
  const differs: string[] = [];
  // Compares bytes, as the server does: a value that is not UTF-8 decodes to a string with other bytes.
  if (prevValue !== undefined && !found.value.equals(bytes(prevValue)))
    differs.push(`[${prevValue} != ${shown(found.value)}]`);
  if (prevIndex !== undefined && String(prevIndex) !== found.mod_revision)
    differs.push(`[${prevIndex} != ${found.mod_revision}]`);
  return differs.length === 0 ? undefined : new KeysError(KeysErrorCode.TestFailed, differs.join(' '), index);
}
