import { InvalidOptionError } from '../../common/errors/index.js';

/** Metadata keys of the decorators of elections. A method has an array of values. */
export const LEADER_ONLY = 'nestjs-sidekick:leader-only';
export const LOCKED = 'nestjs-sidekick:locked';
export const ON_ELECTED = 'nestjs-sidekick:on-elected';
export const ON_DEPOSED = 'nestjs-sidekick:on-deposed';

/** Metadata of one decorator. */
export interface JobMetadata {
  /** Name of the election or lock; undefined for the default name of an election. */
  readonly name: string | undefined;
  /** Key of the injected property. */
  readonly property: symbol;
}

/**
 * Checks that a decorator was called, and not used without parentheses, where it gets the prototype of the class.
 *
 * @throws InvalidOptionError
 */
export function checkParentheses(decorator: string, name: unknown): void {
  const owner = typeof name === 'function' ? name : prototypeOwner(name);
  if (!owner) return;
  const call = decorator === 'Locked' ? "@Locked('name', { lockAtMostFor: 60 })" : `@${decorator}()`;
  throw new InvalidOptionError(
    `Expected @${decorator} with parentheses, got it without on a method of ${owner.name}. Write ${call}.`,
  );
}

/** The class of a prototype; undefined for any other value. */
function prototypeOwner(value: unknown): { readonly name: string } | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'constructor')) return undefined;
  return value.constructor;
}

/** A decorator as written in code: `@LeaderOnly("reports")`. */
export function decoratorLabel(decorator: string, name: string | undefined): string {
  return name === undefined ? `@${decorator}()` : `@${decorator}(${JSON.stringify(name)})`;
}
