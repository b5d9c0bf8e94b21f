import { type ContainerPilotConfig } from '../containerpilot/config.js';
import { checkContainerPilot } from '../containerpilot/load.js';
import { joinHostPort } from '../common/address.js';
import { type FileTerminal, runFileCommand } from './file-command.js';
import { EXIT } from './terminal.js';

const USAGE = `Usage: piloted check [FILE]

Checks a ContainerPilot configuration, and prints every problem with its position.
FILE may begin with file://; without it the environment variable CONTAINERPILOT is the path.`;

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

/**
 * Runs `piloted check FILE`.
 *
 * @param args the arguments after `check`
 * @returns the exit code: 0 for a valid file, 1 for an invalid one and for a wrong call
 */
export function checkCommand(args: readonly string[], terminal: FileTerminal): number {
  return runFileCommand(args, USAGE, terminal, (path) => check(path, terminal));
}

function check(path: string, { env, out, err }: FileTerminal): number {
  const { config, problems } = checkContainerPilot(path, env);
  if (!config) {
    for (const { message } of problems) err(`${message}\n`);
    err(`${count(problems.length, 'problem', 'problems')}: the configuration cannot be used.`);
    return EXIT.failed;
  }
  for (const warning of config.warnings) err(`warning: ${warning}`);
  out(summary(config));
  out(
    `The configuration can be used${config.warnings.length > 0 ? `, with ${count(config.warnings.length, 'warning', 'warnings')}` : ''}.`,
  );
  return EXIT.ok;
}
