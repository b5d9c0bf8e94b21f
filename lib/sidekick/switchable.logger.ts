import { type LogFields, type Logger } from '../common/logger.js';
import { ModuleLogger } from '../nest/module-logger.js';

/** A logger whose target can be replaced at run time. */
export class SwitchableLogger implements Logger {
  private target: ModuleLogger;

  /** @param target the logger that the application chose; Nest's logger if left out */
  constructor(
    private readonly context: string,
    target?: Logger,
  ) {
    this.target = new ModuleLogger(context, target);
  }

  /** Writes to `target` from now on. */
  use(target: Logger): void {
    this.target = new ModuleLogger(this.context, target);
  }

  log(message: string, fields?: LogFields): void {
    this.target.log(message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.target.warn(message, fields);
  }

  error(message: string, stack?: string, fields?: LogFields): void {
    this.target.error(message, stack, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.target.debug(message, fields);
  }
}
