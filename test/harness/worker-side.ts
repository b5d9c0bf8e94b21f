/** What a script of worker.ts does with each command. */
import { type Order, type Report } from './worker.js';

/** What the one who started this process gave it. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Obeys until it is let go; what then keeps the process alive is a leak of the script. */
export function serve(given: Readonly<Record<string, (argument: never) => unknown>>): void {
  let letGo = false;
  const commands = { ...given, end: () => (letGo = true) };
  // Nobody else ends it where whoever started it has died.
  process.on('disconnect', () => {
    if (!letGo) process.exit(1);
  });
  process.on('message', (order: Order) => {
    void obey(commands, order).then((report) => {
      // Whoever asked may be gone by now.
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
