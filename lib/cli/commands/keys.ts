import { InvalidOptionError } from '../../common/errors/index.js';
import { checkName } from '../../common/names.js';
import { quote } from '../../common/strings.js';
import { type KeyRecord } from '../../registry/entry-record.js';
import { CommandFailedError } from '../command-failed.error.js';
import { type Command } from '../run-command.js';
import { JSON_OPTION, type RegistryAccess, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { escapeControls } from '../../common/escape.js';
import { printJson, printRows } from '../rows.js';
import { EXIT } from '../terminal.js';

/** Reads one key; undefined if it is not there. @throws CommandFailedError when the value is malformed */
async function read({ registry, request }: RegistryAccess, key: string): Promise<KeyRecord | undefined> {
  const { entries, malformed } = await request(`Reading the key ${quote(key)}`, (signal) =>
    registry.list({ kind: 'key', key }, signal),
  );
  const [entry] = entries;
  if (entry?.record.kind === 'key') return entry.record;
  const [broken] = malformed;
  if (broken) throw new CommandFailedError(broken.reason);
  return undefined;
}

/** `piloted keys`: prints keys by their prefix. */
export const keys: Command = {
  syntax: {
    name: 'piloted keys',
    summary: 'print the keys that begin with a prefix',
    operands: ['[PREFIX]'],
    maxOperands: 1,
    about: [
      'Prints the keys that begin with PREFIX, one per line; all keys without a PREFIX. A key whose value cannot be read is',
      'reported and skipped with --values, and the exit code is then 1.',
    ],
    options: {
      ...REGISTRY_OPTIONS,
      values: { about: 'print the value of each key too' },
      ...JSON_OPTION,
    },
    dashes: '--',
    examples: [
      ['piloted keys /servers/', 'the keys that sidekicker -key /servers/… registers'],
      ['piloted keys /servers/ --values', 'with their values'],
    ],
  },
  run: async (args, terminal) =>
    await withRegistry(args, terminal, async (access) => {
      const { registry, request } = access;
      const [prefix = ''] = args.operands;
      const list = registry.keys?.bind(registry);
      if (!list)
        throw new CommandFailedError(`The ${registry.driver} registry at ${registry.url} holds no keys.`);
      const names = await request(`Listing the keys of ${registry.url}`, (signal) => list(prefix, signal));
      const rows: (readonly string[])[] = [];
      const malformed: string[] = [];
      const valueOf = async (key: string): Promise<KeyRecord | undefined> =>
        await read(access, key).catch((error: unknown) => {
          // An invalid name is that of another client of the registry, not of the command line.
          if (!(error instanceof CommandFailedError || error instanceof InvalidOptionError)) throw error;
          malformed.push(key);
          terminal.err(`piloted keys: Skipped the key ${quote(key)}: ${error.message}`);
          return undefined;
        });
      for (const key of names) {
        // A key that expires between the two requests is left out.
        const record = args.has('values') ? await valueOf(key) : { key };
        if (!record) continue;
        const value = 'value' in record ? { value: record.value } : {};
        if (args.has('json')) printJson(terminal, { key, ...value });
        else rows.push([key, ...Object.values(value)]);
      }
      printRows(terminal, args.has('values') ? ['KEY', 'VALUE'] : ['KEY'], rows);
      if (names.length > 0) return malformed.length > 0 ? EXIT.failed : EXIT.ok;
      terminal.err(
        `piloted keys: The registry ${registry.url} has no key${prefix === '' ? '' : ` that begins with ${quote(prefix)}`}.`,
      );
      return EXIT.failed;
    }),
};

/** `piloted get`: prints the value of a key. */
export const get: Command = {
  syntax: {
    name: 'piloted get',
    summary: 'print the value of a key',
    operands: ['NAME'],
    maxOperands: 1,
    about: [
      'Prints the value of the key NAME. Into a pipe or a file the value is unchanged; on a terminal its control',
      'characters are escaped. Exits with 1 when there is no such key.',
    ],
    options: { ...REGISTRY_OPTIONS, ...JSON_OPTION },
    dashes: '--',
    examples: [['piloted get /servers/web/1', 'the value that sidekicker -val registered']],
  },
  run: async (args, terminal) => {
    const [name] = args.operands;
    if (name === undefined) throw new InvalidOptionError('Expected the NAME of a key, got none.');
    checkName('NAME', name);
    return await withRegistry(args, terminal, async (access) => {
      const record = await read(access, name);
      if (!record) {
        terminal.err(`piloted get: The registry ${access.registry.url} has no key ${quote(name)}.`);
        return EXIT.failed;
      }
      if (args.has('json')) printJson(terminal, { key: name, value: record.value });
      else terminal.out(terminal.screen ? escapeControls(record.value) : record.value);
      return EXIT.ok;
    });
  },
};
