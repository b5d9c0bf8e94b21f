import { SidekickError } from '../../common/errors/index.js';

/** The error codes of etcd's v2 keys API. */
export const KeysErrorCode = Object.freeze({
  KeyNotFound: 100,
  TestFailed: 101,
  NotFile: 102,
  NotDir: 104,
  NodeExist: 105,
  RootReadOnly: 107,
  DirNotEmpty: 108,
  Unauthorized: 110,
  PrevValueRequired: 201,
  TtlNotANumber: 202,
  IndexNotANumber: 203,
  InvalidField: 209,
  InvalidForm: 210,
  RaftInternal: 300,
  LeaderElection: 301,
  WatcherCleared: 400,
  EventIndexCleared: 401,
});

/** An error code of {@link KeysErrorCode}. */
export type KeysErrorNumber = (typeof KeysErrorCode)[keyof typeof KeysErrorCode];

const MESSAGES: Readonly<Record<KeysErrorNumber, string>> = Object.freeze({
  100: 'Key not found',
  101: 'Compare failed',
  102: 'Not a file',
  104: 'Not a directory',
  105: 'Key already exists',
  107: 'Root is read only',
  108: 'Directory not empty',
  110: 'The request requires user authentication',
  201: 'PrevValue is Required in POST form',
  202: 'The given TTL in POST form is not a number',
  203: 'The given index in POST form is not a number',
  209: 'Invalid field',
  210: 'Invalid POST form',
  300: 'Raft Internal Error',
  301: 'During Leader Election',
  400: 'watcher is cleared due to etcd recovery',
  401: 'The event in requested index is outdated and cleared',
});

/** An error of the keys API, with the code of etcd's v2 API. */
export class KeysError extends SidekickError {
  /**
   * @param code such as 100
   * @param about the key, or the failed comparison: `[old != new]`
   * @param index the revision of the store; 0 when it is not known
   */
  constructor(
    override readonly code: KeysErrorNumber,
    readonly about: string,
    readonly index = 0,
    cause?: unknown,
  ) {
    super(`${code}: ${MESSAGES[code]} (${about}) [${index}]`, { cause });
  }

  /** Whether `error` means that a key does not exist. */
  static isKeyNotFound(error: unknown): error is KeysError {
    return KeysError.is(error, KeysErrorCode.KeyNotFound);
  }

  /** Whether `error` is a {@link KeysError} with this code. */
  static is(error: unknown, code: KeysErrorNumber): error is KeysError {
    return error instanceof KeysError && error.code === code;
  }
}
