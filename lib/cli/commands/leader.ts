import { InvalidOptionError } from '../../common/errors/index.js';
import { checkName } from '../../common/names.js';
import { quote } from '../../common/strings.js';
import { leaderOf, sightingOf } from '../../election/election-record.js';
import { CommandFailedError } from '../command-failed.error.js';
import { JSON_OPTION, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { printJson, printRows } from '../rows.js';
import { type Command } from '../run-command.js';
import { EXIT } from '../terminal.js';

/** `piloted leader`: prints the leader of an election. */
export const leader: Command = {
  syntax: {
    name: 'piloted leader',
    summary: 'print the leader of an election',
    operands: ['NAME'],
    maxOperands: 1,
    about: [
      'Prints the process that leads the election NAME, its term, and since when by its own clock.',
      'Exits with 1 when there is no leader. A leader that has just died is printed until its record expires.',
    ],
    options: { ...REGISTRY_OPTIONS, ...JSON_OPTION },
    dashes: '--',
    examples: [
      ['piloted leader reports', "the leader of @LeaderOnly('reports')"],
      ['piloted leader reports --json', 'with its session and its metadata'],
    ],
  },
  run: async (args, terminal) => {
    const [name] = args.operands;
    if (name === undefined) throw new InvalidOptionError('Expected the NAME of an election, got none.');
    checkName('NAME', name);
    return await withRegistry(args, terminal, async ({ registry, request }) => {
      if (!registry.discard)
        throw new CommandFailedError(
          `The ${registry.driver} registry at ${registry.url} holds no elections.`,
        );
      const { entries } = await request(`Reading the election ${quote(name)}`, (signal) =>
        registry.list({ kind: 'key', key: name, space: 'elections' }, signal),
      );
      const [entry] = entries;
      const sighting = entry && sightingOf(entry);
      const found = sighting && leaderOf(sighting);
      if (!found) {
        terminal.err(`piloted leader: The election ${quote(name)} has no leader in ${registry.url}.`);
        return EXIT.failed;
      }
      const { name: holder, id, term, since, meta } = found;
      if (args.has('json')) printJson(terminal, { election: name, holder, term, since, id, meta });
      else printRows(terminal, ['HOLDER', 'TERM', 'SINCE'], [[holder, term, since]]);
      return EXIT.ok;
    });
  },
};
