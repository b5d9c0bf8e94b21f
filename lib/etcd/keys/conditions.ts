import type { ICompare, IKeyValue } from 'etcd3';
import { KeysError, KeysErrorCode } from '../errors/index.js';
import { isPresent, modifiedAt, valueIs } from './operations.js';

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

/** The error for conditions that `found` does not meet, in the v2 server's words, or undefined where it meets them. */
export function conditionError(
  found: IKeyValue,
  conditions: Conditions,
  index: number,
): KeysError | undefined {
  const { prevValue, prevIndex } = conditions;
  const differs: string[] = [];
  const value = found.value.toString();
  if (prevValue !== undefined && prevValue !== value) differs.push(`[${prevValue} != ${value}]`);
  if (prevIndex !== undefined && String(prevIndex) !== found.mod_revision)
    differs.push(`[${prevIndex} != ${found.mod_revision}]`);
  return differs.length === 0 ? undefined : new KeysError(KeysErrorCode.TestFailed, differs.join(' '), index);
}
