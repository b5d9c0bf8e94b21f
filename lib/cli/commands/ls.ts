import { type Command } from '../run-command.js';
import { JSON_OPTION, REGISTRY_OPTIONS, withRegistry, type RegistryAccess } from '../registry-access.js';
import { printJson, printRows } from '../rows.js';
import {
  allServices,
  ENDPOINT_HEADER,
  endpointRow,
  noInstances,
  queriesOf,
  withLists,
} from '../service-lists.js';
import { type ServiceQuery } from '../../discovery/service-query.js';
import { EXIT, type Terminal } from '../terminal.js';

async function printServices(access: RegistryAccess, terminal: Terminal, json: boolean): Promise<number> {
  const names = await allServices(access);
  if (json) for (const service of names) printJson(terminal, { service });
  else
    printRows(
      terminal,
      ['SERVICE'],
      names.map((name) => [name]),
    );
  if (names.length === 0) terminal.err(`piloted ls: The registry ${access.registry.url} has no services.`);
  return EXIT.ok;
}

async function printEndpoints(
  access: RegistryAccess,
  queries: readonly ServiceQuery[],
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  return await withLists(access, queries, async (selections) => {
    const rows: (readonly string[])[] = [];
    const missing: string[] = [];
    for (const { query, endpoints } of selections) {
      if (endpoints.length === 0) missing.push(query.service);
      for (const endpoint of endpoints) {
        if (json) printJson(terminal, endpoint);
        else rows.push(endpointRow(query.service, endpoint));
      }
    }
    printRows(terminal, ENDPOINT_HEADER, rows);
    for (const service of missing) terminal.err(`piloted ls: ${await noInstances(access, service)}`);
    return missing.length > 0 ? EXIT.failed : EXIT.ok;
  });
}

/** `piloted ls`: prints the endpoints of services, or the names of all services. */
export const ls: Command = {
  syntax: {
    name: 'piloted ls',
    summary: 'print the endpoints of services, or all services',
    operands: ['[SERVICE…]'],
    maxOperands: Infinity,
    about: [
      'Prints the endpoints of each service, one per line: service, address, id, tags. Without a SERVICE, prints the',
      'names of all services. Exits with 1 when a service has no instance.',
    ],
    options: { ...REGISTRY_OPTIONS, ...JSON_OPTION },
    dashes: '--',
    examples: [
      ['piloted ls', 'the services of the registry of this machine'],
      ['piloted ls web billing --registry etcd://10.0.0.1:2379', 'the endpoints of two services in etcd'],
      ["piloted ls web --json | jq -r '.address'", 'the addresses only'],
    ],
  },
  run: async (args, terminal) =>
    await withRegistry(args, terminal, async (access) => {
      const queries = queriesOf(args.operands, access.config);
      const json = args.has('json');
      return queries.length === 0
        ? await printServices(access, terminal, json)
        : await printEndpoints(access, queries, terminal, json);
    }),
};
