import { EtcdResponseError, KeysError, KeysErrorCode } from '../errors/index.js';

/** etcd's refusal as the keys API has it: a missing right, or no user where one is needed, is a 110. */
export function asKeysError(error: unknown): unknown {
  if (!(error instanceof EtcdResponseError)) return error;
  const { permissionDenied, reason } = error;
  return permissionDenied || reason.includes('user name is empty')
    ? new KeysError(KeysErrorCode.Unauthorized, `Insufficient credentials: ${reason}`, 0, error)
    : error;
}
