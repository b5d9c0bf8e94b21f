import { joinHostPort } from '../../common/address.js';
import { type ContainerPilotConfig } from '../../containerpilot/config.js';
import { checkContainerPilot } from '../../containerpilot/load.js';
import { type Command } from '../run-command.js';
import { JSON_OPTION } from '../registry-access.js';
import { printJson } from '../rows.js';
import { EXIT, type Terminal } from '../terminal.js';

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function registryOf({ registry }: ContainerPilotConfig): string {
  if (registry.kind === 'etcd') return `etcd at ${registry.endpoints.join(', ')}${registry.prefix}`;
  const { host, port, secure, tls } = registry;
  const unverified = secure && !tls.verify ? ', certificate not verified' : '';
  return `Consul at ${secure ? 'https' : 'http'}://${joinHostPort(host, port)}${unverified}`;
}

function summary(config: ContainerPilotConfig): string {
  const { generation, watches, services, unsetVariables } = config;
  return [
    `ContainerPilot ${generation}, ${registryOf(config)}`,
    ...watches.map(({ name, interval, tag, dc }) => {
      const more = [tag && `tag ${tag}`, dc && `datacenter ${dc}`].filter(Boolean);
      return `watches ${[name, `every ${interval} s`, ...more].join(', ')}`;
    }),
    ...services.map(
      ({ name, id, port, health }) => `announces ${name} as ${id}, port ${port}, TTL ${health.ttl} s`,
    ),
    ...(unsetVariables.length > 0 ? [`not set in the environment: ${unsetVariables.join(', ')}`] : []),
  ].join('\n');
}

function print(path: string, { env, out, err }: Terminal): number {
  const { config, problems } = checkContainerPilot(path, env);
  if (!config) {
    for (const { message } of problems) err(`${message}\n`);
    err(`${count(problems.length, 'problem', 'problems')}: the configuration cannot be used.`);
    return EXIT.failed;
  }
  const { warnings } = config;
  for (const warning of warnings) err(`warning: ${warning}`);
  out(summary(config));
  const more = warnings.length > 0 ? `, with ${count(warnings.length, 'warning', 'warnings')}` : '';
  out(`The configuration can be used${more}.`);
  return EXIT.ok;
}

function printObject(path: string, terminal: Terminal): number {
  const { config, problems } = checkContainerPilot(path, terminal.env);
  printJson(terminal, {
    valid: config !== undefined,
    problems: problems.map(({ message }) => message),
    warnings: config?.warnings ?? [],
    ...(config && {
      generation: config.generation,
      registry: registryOf(config),
      watches: config.watches,
      services: config.services.map(({ name, id, port, health }) => ({ name, id, port, ttl: health.ttl })),
      unsetVariables: config.unsetVariables,
    }),
  });
  return config ? EXIT.ok : EXIT.failed;
}

/** `piloted check`: checks a ContainerPilot configuration. */
export const check: Command = {
  syntax: {
    name: 'piloted check',
    summary: 'check a ContainerPilot file, and print every problem',
    operands: ['[FILE]'],
    maxOperands: 1,
    about: [
      'Checks a ContainerPilot configuration, and prints every problem with its position. FILE may begin with file://;',
      'without it the environment variable CONTAINERPILOT is the path. Exits with 1 when the file cannot be used.',
    ],
    options: JSON_OPTION,
    dashes: '--',
    examples: [['piloted check containerpilot.json5', 'all problems of the file']],
  },
  run: (args, terminal) => {
    const [path = ''] = args.operands;
    return args.has('json') ? printObject(path, terminal) : print(path, terminal);
  },
};
