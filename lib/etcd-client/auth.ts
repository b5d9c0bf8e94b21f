import { type EtcdTransport } from './transport.js';
import { callAuth } from './auth-call.js';
import { AuthRoles } from './auth-roles.js';
import { AuthUsers } from './auth-users.js';
import { type CallOptions } from './keys/options.js';

/**
 * Who may do what. Switching authentication on takes a user `root` with the role `root`; from then on every request
 * needs a user. Changes are sent once; what etcd refuses is an `EtcdResponseError`, a missing right a `KeysError` 110.
 */
export class AuthApi {
  readonly users: AuthUsers;
  readonly roles: AuthRoles;

  constructor(private readonly transport: EtcdTransport) {
    this.users = new AuthUsers(transport);
    this.roles = new AuthRoles(transport);
  }

  /**
   * Switches authentication on.
   *
   * @throws EtcdResponseError when there is no user `root` with the role `root`
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

  /** Switches authentication off; takes the role `root`. */
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
