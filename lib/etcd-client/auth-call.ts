import { type CallOptions as GrpcCallOptions } from './call-options.js';
import { type EtcdTransport } from './transport.js';
import { type EtcdConnection } from './connection.js';
import { expected } from '../common/expected.js';
import { asKeysError } from './keys/as-keys-error.js';
import { checkCall } from './keys/check-options.js';
import { type CallOptions } from './keys/options.js';

/** One request to etcd's auth service. */
export interface AuthCall<T> {
  /** What it does, for messages. */
  readonly what: string;
  /** The words of the `etcdctl` command, without secrets. */
  readonly words: readonly string[];
  /** Whether it only reads, and may be sent again. */
  readonly reads?: boolean;
  readonly run: (connection: EtcdConnection, options: GrpcCallOptions) => Promise<T>;
}

/** Makes it. */
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

/** @throws InvalidOptionError when `name` is no text, or empty */
export function checkAuthName(option: 'user' | 'role', name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '') throw expected(option, 'a name that is not empty', name);
}
