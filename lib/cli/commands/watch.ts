import { systemClock, type Timer } from '../../common/clock.js';
import { isName } from '../../common/names.js';
import { quote } from '../../common/strings.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { type ServiceQuery } from '../../discovery/service-query.js';
import { type ServiceSelection } from '../../discovery/service-selection.js';
import { CommandFailedError } from '../command-failed.error.js';
import { LiveTable, type TableContent } from '../live-table.js';
import { type Command } from '../run-command.js';
import { JSON_OPTION, type RegistryAccess, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { printJson, tabbed } from '../rows.js';
import {
  allServices,
  ENDPOINT_HEADER,
  endpointRow,
  noInstances,
  queriesOf,
  withLists,
} from '../service-lists.js';
import { EXIT, interruption, type Screen, type Terminal } from '../terminal.js';

/** How often the ages in the table are updated. */
const REDRAW_MS = 1_000;

type Printer = (
  word: 'added' | 'updated' | 'removed' | undefined,
  service: string,
  endpoint: Endpoint,
) => void;

function printerOf(terminal: Terminal, json: boolean): Printer {
  if (json)
    return (word, _service, endpoint) => {
      printJson(terminal, word === undefined ? endpoint : Object.assign({ change: word }, endpoint));
    };
  return (word, service, endpoint) => {
    terminal.out(tabbed([...(word === undefined ? [] : [word]), ...endpointRow(service, endpoint)]));
  };
}

/** Prints the lists, and then a line for each change. */
async function printChanges(
  access: RegistryAccess,
  selections: readonly ServiceSelection[],
  terminal: Terminal,
  json: boolean,
): Promise<void> {
  const print = printerOf(terminal, json);
  for (const { query, endpoints } of selections)
    for (const endpoint of endpoints) print(undefined, query.service, endpoint);
  for (const selection of selections) {
    const { service } = selection.query;
    selection.subscribe(({ added, removed, updated }) => {
      for (const endpoint of added) print('added', service, endpoint);
      for (const endpoint of updated) print('updated', service, endpoint);
      for (const endpoint of removed) print('removed', service, endpoint);
    });
  }
  const end = terminal.followReader();
  try {
    for (const { query, endpoints } of selections)
      if (endpoints.length === 0)
        terminal.err(`piloted watch: ${await noInstances(access, query.service)} Waiting for one.`);
    await interruption(terminal.interrupted);
  } finally {
    end();
  }
}

/** The state of a selection for a row of the table. */
function freshnessOf({ freshness: { stale, ageMs } }: ServiceSelection): string {
  return stale && ageMs !== undefined ? `stale, ${Math.round(ageMs / 1_000)} s old` : '';
}

function tableOf(selections: readonly ServiceSelection[], { registry }: RegistryAccess): TableContent {
  const rows = selections.flatMap((selection) => {
    const { query, endpoints } = selection;
    const state = freshnessOf(selection);
    if (endpoints.length === 0) return [[query.service, 'no instance', '', '', state]];
    return endpoints.map((endpoint) => [...endpointRow(query.service, endpoint), state]);
  });
  const count = selections.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  return {
    title: `${registry.url}  ${selections.length} services, ${count} endpoints  (Ctrl-C ends)`,
    header: [...ENDPOINT_HEADER, ''],
    rows,
  };
}

async function showTable(
  access: RegistryAccess,
  selections: readonly ServiceSelection[],
  { write, interrupted }: Terminal,
  screen: Screen,
): Promise<void> {
  const table = new LiveTable(write, screen, () => tableOf(selections, access));
  let timer: Timer;
  const tick = (): void => {
    table.draw();
    timer = systemClock.after(REDRAW_MS, tick);
  };
  timer = systemClock.after(REDRAW_MS, tick);
  try {
    for (const selection of selections)
      selection.subscribe(() => {
        table.draw();
      });
    await interruption(interrupted);
  } finally {
    timer.cancel();
    table.close();
  }
}

/** All services that can be watched: the registry may hold names that no instance of this library has written. */
async function allQueries(access: RegistryAccess, { err }: Terminal): Promise<readonly ServiceQuery[]> {
  const names = await allServices(access);
  for (const name of names)
    if (!isName(name)) err(`piloted watch: Skipped ${quote(name)}, which is no valid name of a service.`);
  return names.filter(isName).map((service) => ({ service }));
}

/** `piloted watch`: prints the endpoints of services, and every change. */
export const watch: Command = {
  syntax: {
    name: 'piloted watch',
    summary: 'show the endpoints of services, and every change',
    operands: ['[SERVICE…]'],
    maxOperands: Infinity,
    about: [
      'On a terminal, shows a table that follows the registry. Elsewhere, and with --json, prints the endpoints and then a',
      'line for each change: added, updated or removed. Without a SERVICE, watches all services that there are at the start.',
    ],
    options: {
      ...REGISTRY_OPTIONS,
      lines: { about: 'print lines on a terminal too' },
      ...JSON_OPTION,
    },
    dashes: '--',
    examples: [
      ['piloted watch web billing', 'a table of two services'],
      ['piloted watch web --json | while read -r change; do …; done', 'a program for each change'],
    ],
  },
  run: async (args, terminal) =>
    await withRegistry(args, terminal, async (access) => {
      const named = queriesOf(args.operands, access.config);
      const queries = named.length > 0 ? named : await allQueries(access, terminal);
      if (queries.length === 0)
        throw new CommandFailedError(
          `The registry ${access.registry.url} has no services. Name the SERVICE to wait for.`,
        );
      const json = args.has('json');
      await withLists(access, queries, async (selections) => {
        const table = !json && !args.has('lines') ? terminal.screen : undefined;
        if (table) await showTable(access, selections, terminal, table);
        else await printChanges(access, selections, terminal, json);
      });
      return EXIT.ok;
    }),
};
