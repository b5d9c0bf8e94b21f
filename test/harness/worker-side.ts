/** The handlers of a worker's commands. */
import { type Order, type Report } from './worker.js';

/** The settings from the parent process. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Runs commands until `end`. A handle that keeps the process alive after that is a leak of the script. */
export function serve(given: Readonly<Record<string, (argument: never) => unknown>>): void {
  let ended = false;
  const commands = { ...given, end: () => (ended = true) };
  // Ends the process when its parent has died.
  process.on('disconnect', () => {
    if (!ended) process.exit(1);
  });
  process.on('message', (order: Order) => {
    void obey(commands, order).then((report) => {
      // The parent may have ended meanwhile.
      if (process.connected) process.send?.(report, undefined, {}, () => undefined);
    });
  });
}

async function obey(
  commands: Readonly<Record<string, (argument: never) => unknown>>,
  { id, command, argument }: Order,
): Promise<Report> {
  try {
    const run = commands[command];
    if (!run) throw new Error(`Expected one of ${Object.keys(commands).join(', ')}, got "${command}".`);
    return { id, result: await run(argument as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
