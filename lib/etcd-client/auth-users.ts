import { expected } from '../common/expected.js';
import { REDACTED } from '../common/redact.js';
import { callAuth, checkAuthName } from './auth-call.js';
import { type EtcdTransport } from './transport.js';
import { type CallOptions } from './keys/options.js';

/** A user and its roles. */
export interface User {
  readonly user: string;
  readonly roles: readonly string[];
}

function checkPassword(password: unknown): asserts password is string {
  if (typeof password !== 'string' || password === '')
    throw expected('password', 'a non-empty string', typeof password);
}

/**
 * The users of etcd's authentication. Every method throws an `EtcdResponseError` when etcd refuses the request, a `KeysError`
 * with code 110 when the user lacks the permission, and a `ClusterError` when no endpoint served the request.
 */
export class AuthUsers {
  constructor(private readonly transport: EtcdTransport) {}

  /** The names of all users. */
  async list(options: CallOptions = {}): Promise<readonly string[]> {
    const { users } = await callAuth(
      this.transport,
      {
        what: 'listing the users',
        words: ['user', 'list'],
        reads: true,
        run: async ({ auth }, call) => await auth.userList(call),
      },
      options,
    );
    return users;
  }

  /**
   * The roles of a user.
   *
   * @throws EtcdResponseError when the user does not exist
   */
  async get(user: string, options: CallOptions = {}): Promise<User> {
    checkAuthName('user', user);
    const { roles } = await callAuth(
      this.transport,
      {
        what: `reading the user "${user}"`,
        words: ['user', 'get', user],
        reads: true,
        run: async ({ auth }, call) => await auth.userGet({ name: user }, call),
      },
      options,
    );
    return { user, roles };
  }

  /**
   * Adds a user without roles.
   *
   * @throws EtcdResponseError when the user exists already
   */
  async add(user: string, password: string, options: CallOptions = {}): Promise<void> {
    checkAuthName('user', user);
    checkPassword(password);
    await callAuth(
      this.transport,
      {
        what: `adding the user "${user}"`,
        words: ['user', 'add', `${user}:${REDACTED}`],
        run: async ({ auth }, call) => await auth.userAdd({ name: user, password }, call),
      },
      options,
    );
  }

  /**
   * Removes a user.
   *
   * @throws EtcdResponseError when the user does not exist
   */
  async remove(user: string, options: CallOptions = {}): Promise<void> {
    checkAuthName('user', user);
    await callAuth(
      this.transport,
      {
        what: `removing the user "${user}"`,
        words: ['user', 'delete', user],
        run: async ({ auth }, call) => await auth.userDelete({ name: user }, call),
      },
      options,
    );
  }

  /**
   * Grants roles to a user. Sends one request per role.
   *
   * @throws EtcdResponseError when the user or a role does not exist
   */
  async grant(user: string, roles: readonly string[], options: CallOptions = {}): Promise<User> {
    checkAuthName('user', user);
    for (const role of checkRoles(roles)) {
      await callAuth(
        this.transport,
        {
          what: `granting the role "${role}" to "${user}"`,
          words: ['user', 'grant-role', user, role],
          run: async ({ auth }, call) => await auth.userGrantRole({ user, role }, call),
        },
        options,
      );
    }
    return await this.get(user, options);
  }

  /**
   * Revokes roles from a user. Sends one request per role.
   *
   * @throws EtcdResponseError when the user does not exist or does not have a role
   */
  async revoke(user: string, roles: readonly string[], options: CallOptions = {}): Promise<User> {
    checkAuthName('user', user);
    for (const role of checkRoles(roles)) {
      await callAuth(
        this.transport,
        {
          what: `revoking the role "${role}" from "${user}"`,
          words: ['user', 'revoke-role', user, role],
          run: async ({ auth }, call) => await auth.userRevokeRole({ name: user, role }, call),
        },
        options,
      );
    }
    return await this.get(user, options);
  }

  /**
   * Changes the password of a user.
   *
   * @throws EtcdResponseError when the user does not exist
   */
  async changePassword(user: string, password: string, options: CallOptions = {}): Promise<void> {
    checkAuthName('user', user);
    checkPassword(password);
    await callAuth(
      this.transport,
      {
        what: `changing the password of "${user}"`,
        words: ['user', 'passwd', user],
        run: async ({ auth }, call) => await auth.userChangePassword({ name: user, password }, call),
      },
      options,
    );
  }
}

function checkRoles(roles: readonly string[]): readonly string[] {
  const given: unknown = roles;
  if (!Array.isArray(given)) throw expected('roles', 'an array of names', roles);
  for (const role of roles) checkAuthName('role', role);
  return roles;
}
