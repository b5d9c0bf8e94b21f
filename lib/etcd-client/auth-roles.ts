import { expected } from '../common/expected.js';
import { callAuth, checkAuthName } from './auth-call.js';
import { type EtcdTransport } from './transport.js';
import { type CallOptions } from './keys/options.js';
import {
  permissionRange,
  toPermission,
  type KeyRange,
  type Permission,
  type PermissionType,
  wirePermission,
} from './permission.js';

/** A role and its permissions. */
export interface Role {
  readonly role: string;
  readonly permissions: readonly Permission[];
}

/**
 * The roles of etcd's authentication. Every method throws an `EtcdResponseError` when etcd refuses the request, a `KeysError`
 * with code 110 when the user lacks the permission, and a `ClusterError` when no endpoint served the request.
 */
export class AuthRoles {
  constructor(private readonly transport: EtcdTransport) {}

  /** The names of all roles. */
  async list(options: CallOptions = {}): Promise<readonly string[]> {
    const { roles } = await callAuth(
      this.transport,
      {
        what: 'listing the roles',
        words: ['role', 'list'],
        reads: true,
        run: async ({ auth }, call) => await auth.roleList(call),
      },
      options,
    );
    return roles;
  }

  /**
   * The permissions of a role.
   *
   * @throws EtcdResponseError when the role does not exist
   */
  async get(role: string, options: CallOptions = {}): Promise<Role> {
    checkAuthName('role', role);
    const { perm } = await callAuth(
      this.transport,
      {
        what: `reading the role "${role}"`,
        words: ['role', 'get', role],
        reads: true,
        run: async ({ auth }, call) => await auth.roleGet({ role }, call),
      },
      options,
    );
    return { role, permissions: perm.map(toPermission) };
  }

  /**
   * Adds a role without permissions.
   *
   * @throws EtcdResponseError when the role exists already
   */
  async add(role: string, options: CallOptions = {}): Promise<void> {
    checkAuthName('role', role);
    await callAuth(
      this.transport,
      {
        what: `adding the role "${role}"`,
        words: ['role', 'add', role],
        run: async ({ auth }, call) => await auth.roleAdd({ name: role }, call),
      },
      options,
    );
  }

  /**
   * Removes a role.
   *
   * @throws EtcdResponseError when the role does not exist
   */
  async remove(role: string, options: CallOptions = {}): Promise<void> {
    checkAuthName('role', role);
    await callAuth(
      this.transport,
      {
        what: `removing the role "${role}"`,
        words: ['role', 'delete', role],
        run: async ({ auth }, call) => await auth.roleDelete({ role }, call),
      },
      options,
    );
  }

  /**
   * Grants a role permission to keys: `/foo` means that key, `/foo/` and `/foo/*` all keys below it, `/foo*` all keys with
   * that prefix. Sends one request per prefix.
   *
   * @throws InvalidOptionError when a prefix is not a valid key
   * @throws EtcdResponseError when the role does not exist
   */
  async grantKV(
    role: string,
    prefixes: readonly string[],
    type: PermissionType,
    options: CallOptions = {},
  ): Promise<Role> {
    checkAuthName('role', role);
    const permType = wirePermission(type);
    for (const { prefix, range } of checkPrefixes(prefixes)) {
      await callAuth(
        this.transport,
        {
          what: `granting the role "${role}" ${type} permission to "${prefix}"`,
          words: ['role', 'grant-permission', role, type, ...rangeWords(range)],
          run: async ({ auth }, call) =>
            await auth.roleGrantPermission({ name: role, perm: { permType, ...range } }, call),
        },
        options,
      );
    }
    return await this.get(role, options);
  }

  /**
   * Revokes permissions that were granted for exactly these prefixes. Sends one request per prefix.
   *
   * @throws InvalidOptionError when a prefix is not a valid key
   * @throws EtcdResponseError when the role or the permission does not exist
   */
  async revokeKV(role: string, prefixes: readonly string[], options: CallOptions = {}): Promise<Role> {
    checkAuthName('role', role);
    for (const { prefix, range } of checkPrefixes(prefixes)) {
      await callAuth(
        this.transport,
        {
          what: `revoking the permission to "${prefix}" from the role "${role}"`,
          words: ['role', 'revoke-permission', role, ...rangeWords(range)],
          run: async ({ auth }, call) => await auth.roleRevokePermission({ role, ...range }, call),
        },
        options,
      );
    }
    return await this.get(role, options);
  }
}

function rangeWords({ key, range_end }: KeyRange): string[] {
  return [key.toString(), ...(range_end.length > 0 ? [range_end.toString()] : [])];
}

function checkPrefixes(
  prefixes: readonly string[],
): readonly { readonly prefix: string; readonly range: KeyRange }[] {
  const given: unknown = prefixes;
  if (!Array.isArray(given)) throw expected('prefixes', 'an array of keys', prefixes);
  return prefixes.map((prefix) => ({ prefix, range: permissionRange(prefix) }));
}
