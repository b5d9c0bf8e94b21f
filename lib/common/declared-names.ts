/* oxlint-disable typescript/no-empty-object-type -- applications merge their names into these interfaces */

/**
 * The names of the services that an application registers or uses. An application declares them, and TypeScript then rejects
 * any other name. Without a declaration every string is a service name.
 *
 * ```ts
 * declare module 'nestjs-sidekick' {
 *   interface ServiceNames {
 *     billing: true;
 *     stock: true;
 *   }
 * }
 * ```
 */
export interface ServiceNames {}

/** The names of the elections that an application uses, declared as in {@link ServiceNames}. */
export interface ElectionNames {}

/** The names of the locks of `@Locked`, declared as in {@link ServiceNames}. */
export interface LockNames {}

/** A declared name; any string where an application declares none. */
type DeclaredName<Names> = [keyof Names] extends [never] ? string : Extract<keyof Names, string>;

/** The name of a service: one of {@link ServiceNames}, or any string where an application declares none. */
export type ServiceName = DeclaredName<ServiceNames>;

/** The name of an election: one of {@link ElectionNames}, or any string where an application declares none. */
export type ElectionName = DeclaredName<ElectionNames>;

/** The name of a lock: one of {@link LockNames}, or any string where an application declares none. */
export type LockName = DeclaredName<LockNames>;
