import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import { escapeLines } from '../common/escape.js';
import { type LogFields, type Logger } from '../common/logger.js';
import { messageOf } from '../common/thrown.js';

/** Whether Nest's console logger writes JSON and takes an object after the message, as it does since Nest 12. */
function takesFields(logger: unknown): boolean {
  if (!(logger instanceof ConsoleLogger) || !('stringifyParams' in logger)) return false;
  const options = Reflect.get(logger, 'options') as
    { json?: unknown; structuredParams?: unknown } | undefined;
  return options?.json === true && options.structuredParams !== false;
}

/**
 * The logger of a module. Escapes control characters, so that a name from a registry cannot forge lines. Passes the fields
 * of a message to Nest's logger in JSON, and to no other logger, which would print them as text.
 */
export class ModuleLogger implements Logger {
  private readonly target: Logger;
  private hasFailed = false;

  /**
   * @param context the context of Nest's logger
   * @param target the logger that the application chose
   * @default target: Nest's logger
   */
  constructor(
    private readonly context: string,
    target?: Logger,
  ) {
    this.target = target ?? new NestLogger(context);
  }

  log(message: string, fields?: LogFields): void {
    this.write(() => {
      this.target.log(escapeLines(message), ...this.given(fields));
    });
  }

  warn(message: string, fields?: LogFields): void {
    this.write(() => {
      this.target.warn(escapeLines(message), ...this.given(fields));
    });
  }

  error(message: string, stack?: string, fields?: LogFields): void {
    this.write(() => {
      const given = this.given(fields) as [never?];
      const text = escapeLines(message);
      // The number of arguments matters: Nest takes a lone undefined for a stack, and other loggers for an argument.
      if (stack === undefined) this.target.error(text, ...given);
      else this.target.error(text, stack, ...given);
    });
  }

  debug(message: string, fields?: LogFields): void {
    this.write(() => {
      this.target.debug?.(escapeLines(message), ...this.given(fields));
    });
  }

  /** An error of the application's logger must not end a heartbeat or a watch. It is one warning of the process. */
  private write(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (this.hasFailed) return;
      this.hasFailed = true;
      process.emitWarning(
        `The logger of ${this.context} failed, and its messages are lost while it does: ${messageOf(error)}`,
      );
    }
  }

  private given(fields: LogFields | undefined): [fields?: LogFields] {
    if (fields === undefined) return [];
    // The application may replace Nest's logger after the boot.
    const logger: unknown =
      this.target instanceof NestLogger ? Reflect.get(NestLogger, 'staticInstanceRef') : this.target;
    return takesFields(logger) ? [fields] : [];
  }
}
