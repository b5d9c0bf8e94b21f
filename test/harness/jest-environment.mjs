import { TestEnvironment } from 'jest-environment-node';
import { compileOnce } from './compile-once.mjs';
import { disableStorages } from './async-storages.mjs';
import { Leftovers } from './leftovers.mjs';

compileOnce();

/**
 * Time for everything that a spec file opened to close after its last hook; `deadlineMs` of `testEnvironmentOptions`. Only
 * a file that leaves something takes that long. On a busy machine a process needs seconds to end.
 */
const DEADLINE_MS = 15_000;

/**
 * Fails a spec file that leaves a timer, a socket, a server, a process or an unhandled rejection behind, and names
 * what is left. It looks after the last hook of the file, which no hook of its own could.
 */
export default class SidekickEnvironment extends TestEnvironment {
  rejections = [];
  onRejection = (reason) => this.rejections.push(reason);

  constructor(config, context) {
    super(config, context);
    this.deadlineMs = config.projectConfig.testEnvironmentOptions.deadlineMs ?? DEADLINE_MS;
  }

  async setup() {
    await super.setup();
    // Of the 100 frames that Jest asks for, each error and each `expect()` of a test pays.
    this.global.Error.stackTraceLimit = 20;
    this.leftovers = new Leftovers(this.global);
  }

  async handleTestEvent(event, state) {
    if (event.name !== 'run_finish') return;
    // Those before belong to a test or a hook, and jest itself has blamed it.
    process.on('unhandledRejection', this.onRejection);
    const left = await this.leftovers.wait(this.deadlineMs);
    if (left.length > 0) {
      const list = left.map((name) => `  - ${name}`).join('\n');
      state.unhandledErrors.push(
        plain(`${this.deadlineMs / 1000} s after its last hook this file has left open:\n${list}`),
      );
    }
    for (const reason of this.rejections)
      state.unhandledErrors.push(plain(`Unhandled rejection: ${text(reason)}`));
  }

  async teardown() {
    process.off('unhandledRejection', this.onRejection);
    this.leftovers?.stop();
    disableStorages();
    await super.teardown();
  }
}

function text(reason) {
  return reason instanceof Error || reason?.stack ? String(reason.stack) : String(reason);
}

/** Creates an error without a stack: the position of the check is of no use. */
function plain(message) {
  const error = new Error(message);
  error.stack = message;
  return error;
}
