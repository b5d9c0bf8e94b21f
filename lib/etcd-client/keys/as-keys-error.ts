import { EtcdResponseError, KeysError, KeysErrorCode } from '../errors/index.js';

/**
 * Converts etcd's refusal for a missing permission or user to a {@link KeysError} 110. Returns any other error unchanged.
 */
export function asKeysError(error: unknown): unknown {
  if (!(error instanceof EtcdResponseError)) return error;
  const { permissionDenied, reason } = error;
  return permissionDenied || reason.includes('user name is empty')
    ? new KeysError(KeysErrorCode.Unauthorized, `Insufficient credentials: ${reason}`, 0, error)
    : error;
}
