import { quote } from '../common/strings.js';
import { type Instance } from './instance.js';

/**
 * A part of the registry that the library reserves for its own plain keys. Keys of a space are distinct from the keys of
 * applications, and drivers store them in a place of their own.
 */
export type KeySpace = (typeof KEY_SPACES)[number];

/** All spaces. */
export const KEY_SPACES = Object.freeze(['elections', 'locks'] as const);

/** The entry key of a plain key. */
export interface PlainKey {
  readonly kind: 'key';
  /** Name of the key, unencoded. */
  readonly key: string;
  /** @default none: a key of the application */
  readonly space?: KeySpace;
}

/** The entry key of one instance of a service. */
export interface InstanceKey {
  readonly kind: 'instance';
  /** Name of the service, unencoded. */
  readonly service: string;
  /** Id of the instance, unencoded. */
  readonly id: string;
}

/** Identifies one entry of a registry. */
export type EntryKey = PlainKey | InstanceKey;

/** A plain key with its value. */
export interface KeyRecord {
  readonly kind: 'key';
  /** Name of the key, unencoded. */
  readonly key: string;
  /** As in {@link PlainKey}. */
  readonly space?: KeySpace;
  /** The value, at most 64 KiB in UTF-8. */
  readonly value: string;
}

/** Registration settings that only some registries support. The other drivers ignore them. */
export interface RegistrationHints {
  /** The status of the instance before its first renewal. */
  readonly initialStatus?: 'passing' | 'warning' | 'critical';
  /** Whether tags that other clients set in the catalogue are preserved. */
  readonly enableTagOverride?: boolean;
  /** Seconds without a renewal after which the registry removes the registration. */
  readonly deregisterAfter?: number;
}

/** An instance of a service. */
export interface InstanceRecord {
  readonly kind: 'instance';
  /** The instance, frozen. */
  readonly instance: Instance;
  /** Set by the writer only. Drivers do not return hints when they read. */
  readonly hints?: RegistrationHints;
}

/** The value of an entry: what a session writes and a reader gets. */
export type EntryRecord = KeyRecord | InstanceRecord;

/** Returns the entry key under which `record` is stored. */
export function entryKeyOf(record: KeyRecord): PlainKey;
export function entryKeyOf(record: EntryRecord): EntryKey;
export function entryKeyOf(record: EntryRecord): EntryKey {
  return record.kind === 'key'
    ? { kind: 'key', key: record.key, ...(record.space === undefined ? {} : { space: record.space }) }
    : { kind: 'instance', service: record.instance.service, id: record.instance.id };
}

/** Returns a string that is unique for each entry key, for use as a map key. */
export function entryKeyId(entryKey: EntryKey): string {
  if (entryKey.kind === 'instance') return `instance\0${entryKey.service}\0${entryKey.id}`;
  return entryKey.space === undefined ? `key\0${entryKey.key}` : `${entryKey.space}\0${entryKey.key}`;
}

/** Whether the entry key belongs to a {@link KeySpace}. */
export function isReserved(entryKey: EntryKey): boolean {
  return entryKey.kind === 'key' && entryKey.space !== undefined;
}

/** Formats an entry key for messages, on one line whatever characters its names contain. */
export function entryKeyLabel(entryKey: EntryKey): string {
  if (entryKey.kind === 'instance')
    return `instance ${quote(entryKey.id)} of service ${quote(entryKey.service)}`;
  return `${labelOfSpace(entryKey.space)} ${quote(entryKey.key)}`;
}

function labelOfSpace(space: KeySpace | undefined): string {
  switch (space) {
    case 'elections':
      return 'election';
    case 'locks':
      return 'lock';
    case undefined:
      return 'key';
  }
}
