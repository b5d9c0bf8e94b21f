import { type CallOptions as GrpcCallOptions } from './call-options.js';
import { type EtcdTransport } from './transport.js';
import { type EtcdConnection } from './connection.js';
import { expected } from '../common/expected.js';
import { asKeysError } from './keys/as-keys-error.js';
import { checkCall } from './keys/check-options.js';
import { type CallOptions } from './keys/options.js';

/** A request to etcd's auth service. */
export interface AuthCall<T> {
  /** The action, for messages: `listing the users`. */
  readonly what: string;
  /** The arguments of the equivalent `etcdctl` command, secrets masked. */
  readonly words: readonly string[];
  /**
   * Whether the request only reads, so that it may be sent twice.
   *
   * @default false
   */
  readonly reads?: boolean;
  readonly run: (connection: EtcdConnection, options: GrpcCallOptions) => Promise<T>;
}

/**
 * Makes a request to etcd's auth service.
 *
 * @throws EtcdResponseError when etcd refuses the request
 * @throws KeysError with code 110 when the user lacks the permission
 * @throws ClusterError when no endpoint served the request
 */
export async function callAuth<T>(
  transport: EtcdTransport,
  { what, words, reads = false, run }: AuthCall<T>,
  options: CallOptions,
): Promise<T> {
  checkCall(options);
  try {
    return await transport.call({ what, oneShot: !reads, command: () => words, run }, options.signal);
  } catch (error) {
    throw asKeysError(error);
  }
}

/** @throws InvalidOptionError when `name` is not a non-empty string */
export function checkAuthName(option: 'user' | 'role', name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw expected(option, 'a non-empty name', name);
}
