import { quote } from '../common/strings.js';
import { type Instance } from './instance.js';

/** The place of a plain key. */
export interface PlainKey {
  readonly kind: 'key';
  readonly key: string;
}

/** The place of one instance of a service. */
export interface InstanceKey {
  readonly kind: 'instance';
  readonly service: string;
  readonly id: string;
}

/** The place of one thing in a registry. */
export type EntryKey = PlainKey | InstanceKey;

/** A plain key with its value. */
export interface KeyRecord {
  readonly kind: 'key';
  readonly key: string;
  readonly value: string;
}

/** Wishes about a registration that only some registries can fulfil; the others go without. */
export interface RegistrationHints {
  /** Status before the first renewal. */
  readonly initialStatus?: 'passing' | 'warning' | 'critical';
  /** Whether tags that others change in the catalogue are left as they are. */
  readonly enableTagOverride?: boolean;
  /** Seconds after which a registration that is no longer renewed is tidied away. */
  readonly deregisterAfter?: number;
}

/** An announced instance. */
export interface InstanceRecord {
  readonly kind: 'instance';
  readonly instance: Instance;
  /** Given when it is written; not part of what is read. */
  readonly hints?: RegistrationHints;
}

/** What is kept in an entry key. */
export type EntryRecord = KeyRecord | InstanceRecord;

/** The entry key an record belongs in. */
export function entryKeyOf(record: EntryRecord): EntryKey {
  return record.kind === 'key'
    ? { kind: 'key', key: record.key }
    : { kind: 'instance', service: record.instance.service, id: record.instance.id };
}

/** One string an entry key, for maps: distinct for distinct entry keys. */
export function entryKeyId(entryKey: EntryKey): string {
  return entryKey.kind === 'key' ? `key\0${entryKey.key}` : `instance\0${entryKey.service}\0${entryKey.id}`;
}

/** A entry key as messages show it: on one line, whatever its names are. */
export function entryKeyLabel(entryKey: EntryKey): string {
  return entryKey.kind === 'key'
    ? `key ${quote(entryKey.key)}`
    : `instance ${quote(entryKey.id)} of service ${quote(entryKey.service)}`;
}
