import { quoted } from '../kernel/shortened.js';
import { type Instance } from './instance.js';

/** The place of a plain key. */
export interface KeySlot {
  readonly kind: 'key';
  readonly key: string;
}

/** The place of one instance of a service. */
export interface InstanceSlot {
  readonly kind: 'instance';
  readonly service: string;
  readonly id: string;
}

/** The place of one thing in a registry. */
export type Slot = KeySlot | InstanceSlot;

/** A plain key with its value. */
export interface KeyItem {
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
export interface InstanceItem {
  readonly kind: 'instance';
  readonly instance: Instance;
  /** Given when it is written; not part of what is read. */
  readonly hints?: RegistrationHints;
}

/** What is kept in a slot. */
export type Item = KeyItem | InstanceItem;

/** The slot an item belongs in. */
export function slotOf(item: Item): Slot {
  return item.kind === 'key'
    ? { kind: 'key', key: item.key }
    : { kind: 'instance', service: item.instance.service, id: item.instance.id };
}

/** One string a slot, for maps: distinct for distinct slots. */
export function slotId(slot: Slot): string {
  return slot.kind === 'key' ? `key\0${slot.key}` : `instance\0${slot.service}\0${slot.id}`;
}

/** A slot as messages show it: on one line, whatever its names are. */
export function slotLabel(slot: Slot): string {
  return slot.kind === 'key'
    ? `key ${quoted(slot.key)}`
    : `instance ${quoted(slot.id)} of service ${quoted(slot.service)}`;
}
