import { jest } from '@jest/globals';
import { ConsoleLogger, Logger as NestLogger } from '@nestjs/common';
import { ModuleLogger } from './module-logger.js';

/** Records what would be written. */
class Recorder extends ConsoleLogger {
  readonly lines: string[] = [];
  protected override printMessages(
    ...[messages, context, level, , stack, params]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    const more = params === undefined ? [] : [JSON.stringify(params)];
    this.lines.push(
      [level, context, ...messages, ...more, ...(stack === undefined ? [] : [stack])].join('|'),
    );
  }
  protected override printStackTrace(): void {
    // Recorded above.
  }
}

const FIELDS = { event: 'lost', key: 'k' };
const STACK = 'Error: x\n    at f (/a.js:1:2)';

function say(logger: ModuleLogger): void {
  logger.log('a', FIELDS);
  logger.warn('b', FIELDS);
  logger.error('c', undefined, FIELDS);
  logger.error('d', STACK, FIELDS);
  logger.log('e');
}

describe('ModuleLogger', () => {
  afterEach(() => {
    NestLogger.overrideLogger(['error']);
    NestLogger.overrideLogger(new ConsoleLogger({ logLevels: ['error'] }));
  });

  it("passes fields to Nest's logger in JSON", () => {
    const recorder = new Recorder({ json: true });
    const logger = new ModuleLogger('Sidekick');
    // Also a logger that the application sets later.
    NestLogger.overrideLogger(recorder);
    say(logger);
    const data = JSON.stringify(FIELDS);
    expect(recorder.lines).toEqual([
      `log|Sidekick|a|${data}`,
      `warn|Sidekick|b|${data}`,
      `error|Sidekick|c|${data}`,
      `error|Sidekick|d|${data}|${STACK}`,
      'log|Sidekick|e',
    ]);
  });

  it('passes them to no logger that prints text, and to no other logger', () => {
    const recorder = new Recorder({ json: false });
    NestLogger.overrideLogger(recorder);
    say(new ModuleLogger('Sidekick'));
    expect(recorder.lines).toEqual([
      'log|Sidekick|a',
      'warn|Sidekick|b',
      'error|Sidekick|c',
      `error|Sidekick|d|${STACK}`,
      'log|Sidekick|e',
    ]);
    const own: unknown[][] = [];
    const record = (...args: unknown[]): void => void own.push(args);
    say(new ModuleLogger('', { log: record, warn: record, error: record }));
    expect(own).toEqual([['a'], ['b'], ['c'], ['d', STACK], ['e']]);
  });

  it('escapes control characters', () => {
    const own: string[] = [];
    const record = (line: string): void => void own.push(line);
    new ModuleLogger('', { log: record, warn: record, error: record }).warn('a\u001b[2J\u202e\nb');
    expect(own).toEqual(['a\\u001b[2J\\u202e\nb']);
  });

  it('lets no error of the logger of an application through, and warns of it once', () => {
    const fail = (): never => {
      throw new Error('the worker has exited');
    };
    const logger = new ModuleLogger('Sidekick', { log: fail, warn: fail, error: fail, debug: fail });
    const emit = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    say(logger);
    logger.debug('f');
    const warnings = emit.mock.calls.map(([warning]) => warning);
    emit.mockRestore();
    expect(warnings).toEqual([
      'The logger of Sidekick failed, and its messages are lost while it does: the worker has exited',
    ]);
  });
});
