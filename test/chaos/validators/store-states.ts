import { type KeyChange } from '../recording/event.js';

/** The instances of a service: each id with a mark that distinguishes its values. */
export type Members = Readonly<Record<string, string>>;

/** The content of a store between two changes. */
export interface StoreState {
  readonly revision: number;
  readonly members: Members;
}

/** Reads a value as an instance; undefined for what is none, which leaves the last good value in place. */
export type ReadMark = (value: string) => string | undefined;

/** Every state that a history makes of the keys below `prefix`, beginning with the empty one. */
export function statesOf(history: readonly KeyChange[], prefix: string, markOf: ReadMark): StoreState[] {
  const states: StoreState[] = [{ revision: 0, members: {} }];
  const members = new Map<string, string>();
  for (const [i, { key, kind, revision, value = '' }] of history.entries()) {
    if (key.startsWith(prefix)) {
      const id = key.slice(prefix.length);
      const mark = kind === 'put' ? (markOf(value) ?? members.get(id)) : undefined;
      if (mark === undefined) members.delete(id);
      else members.set(id, mark);
    }
    // The changes of one revision, at any number of keys, make one state.
    if (history[i + 1]?.revision !== revision)
      states.push({ revision, members: Object.fromEntries(members) });
  }
  return states;
}

/** One string for equal members. */
export function membersId(members: Members): string {
  return Object.entries(members)
    .map(([id, mark]) => JSON.stringify([id, mark]))
    .sort()
    .join();
}

/** Members as a person reads them. */
export function membersLabel(members: Members): string {
  const some = Object.entries(members).map(([id, mark]) => `${id}=${mark}`);
  return some.length === 0 ? 'none' : some.sort().slice(0, 12).join(' ');
}
