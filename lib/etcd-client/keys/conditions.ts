import { isUtf8 } from 'node:buffer';
import type { ICompare, IKeyValue } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { bytes, isPresent, modifiedAt, valueIs } from './operations.js';

/** What a caller wants to hold of the key's previous state. */
export interface Conditions {
  readonly prevValue?: string | undefined;
  readonly prevIndex?: number | undefined;
}

/** Whether there is anything to compare. */
export function isConditional({ prevValue, prevIndex }: Conditions): boolean {
  return prevValue !== undefined || prevIndex !== undefined;
}

/** The conditions as the server compares them, in one transaction with what depends on them. */
export function conditionCompares(key: string, { prevValue, prevIndex }: Conditions): readonly ICompare[] {
  return [
    isPresent(key),
    ...(prevIndex === undefined ? [] : [modifiedAt(key, prevIndex)]),
    ...(prevValue === undefined ? [] : [valueIs(key, prevValue)]),
  ];
}

/** Longest value that is not UTF-8 in a message, in bytes. */
const MAX_SHOWN_BYTES = 32;

function shown(value: Buffer): string {
  if (isUtf8(value)) return value.toString();
  const more = value.length > MAX_SHOWN_BYTES ? '…' : '';
  return `bytes ${value.toString('hex', 0, MAX_SHOWN_BYTES)}${more}, which are not UTF-8`;
}

/** The error for conditions that `found` does not meet, in the v2 server's words, or undefined where it meets them. */
export function conditionError(
  found: IKeyValue,
  conditions: Conditions,
  index: number,
): KeysError | undefined {
  const { prevValue, prevIndex } = conditions;
  const differs: string[] = [];
  // As the server compares: a value that is not UTF-8 reads like another string than its bytes are.
  if (prevValue !== undefined && !found.value.equals(bytes(prevValue)))
    differs.push(`[${prevValue} != ${shown(found.value)}]`);
  if (prevIndex !== undefined && String(prevIndex) !== found.mod_revision)
    differs.push(`[${prevIndex} != ${found.mod_revision}]`);
  return differs.length === 0 ? undefined : new KeysError(KeysErrorCode.TestFailed, differs.join(' '), index);
}
