/** The logger of the library. Nest's `LoggerService` is compatible. Messages never contain secrets. */
export interface Logger {
  log(message: string): void;
  warn(message: string): void;
  /** @param stack The stack of an error that application code threw. */
  error(message: string, stack?: string): void;
  debug?(message: string): void;
}

/** A logger that discards all messages. */
export const silentLogger: Logger = Object.freeze({
  log: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});
