/** The data of a message, for logs in JSON. Contains no secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * The logger of the library. Nest's `LoggerService` is compatible. Messages never contain secrets. `fields` repeat the data
 * of a message for logs in JSON; the message is complete without them.
 */
export interface Logger {
  /** What happened, in ordinary operation. */
  log(message: string, fields?: LogFields): void;
  /** What went wrong and is handled. */
  warn(message: string, fields?: LogFields): void;
  /**
   * What went wrong and stays so until an operator acts.
   *
   * @param stack The stack of an error that application code threw.
   */
  error(message: string, stack?: string, fields?: LogFields): void;
  /** Details for a search for an error. */
  debug?(message: string, fields?: LogFields): void;
}

/** What {@link isLogger} accepts, for messages. */
export const LOGGER = 'an object with the methods `log`, `warn` and `error`';

/** Whether `value` has the methods that a {@link Logger} must have. */
export function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false;
  return ['log', 'warn', 'error'].every((method) => typeof Reflect.get(value, method) === 'function');
}

/** A logger that discards all messages. */
export const silentLogger: Logger = Object.freeze({
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});

/** A logger that discards the errors of `logger`, for work that a logger of the application must not stop. */
export function unfailingLogger(logger: Logger): Logger {
  const tried = (write: () => void): void => {
    try {
      write();
    } catch {
      // There is no other place to report it.
    }
  };
  return {
    log: (...line) => {
      tried(() => {
        logger.log(...line);
      });
    },
    warn: (...line) => {
      tried(() => {
        logger.warn(...line);
      });
    },
    error: (...line) => {
      tried(() => {
        logger.error(...line);
      });
    },
    debug: (...line) => {
      tried(() => logger.debug?.(...line));
    },
  };
}
