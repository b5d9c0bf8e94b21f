import { type EtcdTransport } from './transport.js';
import { callAuth } from './auth-call.js';
import { AuthRoles } from './auth-roles.js';
import { AuthUsers } from './auth-users.js';
import { type CallOptions } from './keys/options.js';

/**
 * etcd's authentication: users, roles, and whether it is enabled. Enabling it requires a user `root` with the role `root`;
 * from then on every request needs a user. Changes are never sent twice.
 */
export class AuthApi {
  /** The users and their roles. */
  readonly users: AuthUsers;
  /** The roles and their permissions. */
  readonly roles: AuthRoles;

  constructor(private readonly transport: EtcdTransport) {
    this.users = new AuthUsers(transport);
    this.roles = new AuthRoles(transport);
  }

  /**
   * Enables authentication.
   *
   * @throws EtcdResponseError when no user `root` with the role `root` exists
   */
  async enable(options: CallOptions = {}): Promise<void> {
    await callAuth(
      this.transport,
      {
        what: 'enabling authentication',
        words: ['auth', 'enable'],
        run: async ({ auth }, call) => await auth.authEnable(call),
      },
      options,
    );
  }

  /**
   * Disables authentication. Requires the role `root`.
   *
   * @throws KeysError with code 110 without that role
   */
  async disable(options: CallOptions = {}): Promise<void> {
    await callAuth(
      this.transport,
      {
        what: 'disabling authentication',
        words: ['auth', 'disable'],
        run: async ({ auth }, call) => await auth.authDisable(call),
      },
      options,
    );
  }
}
