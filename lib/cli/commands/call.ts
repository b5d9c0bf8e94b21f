import { RandomChoice } from '../../balancing/strategies/random-choice.js';
import { joinHostPort } from '../../common/address.js';
import { InvalidOptionError, SidekickError } from '../../common/errors/index.js';
import { escapeControls, escapeLines } from '../../common/escape.js';
import { expected } from '../../common/expected.js';
import { quote } from '../../common/strings.js';
import { messageOf } from '../../common/thrown.js';
import { type Endpoint } from '../../discovery/endpoint.js';
import { type Arguments } from '../arguments.js';
import { CommandFailedError } from '../command-failed.error.js';
import { type Command } from '../run-command.js';
import { type RegistryAccess, JSON_OPTION, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { printJson } from '../rows.js';
import { noInstances, queriesOf, withLists } from '../service-lists.js';
import { EXIT, type Terminal } from '../terminal.js';

/** The most endpoints that are tried: a connection that fails has sent nothing. */
const MAX_ATTEMPTS = 3;

/** Codes of errors of a connection that was never made. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

interface Answer {
  readonly endpoint: string;
  readonly response: Response;
}

function headersOf(args: Arguments): Headers {
  const headers = new Headers();
  for (const line of args.all('header')) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) throw expected('header', '`NAME: VALUE`', line);
    headers.append(name, value);
  }
  return headers;
}

function portOf(endpoint: Endpoint, name: string | undefined): number {
  if (name === undefined) return endpoint.port;
  const port = endpoint.ports[name];
  if (port !== undefined) return port;
  const known = Object.keys(endpoint.ports).map(quote).join(', ') || 'none';
  throw new CommandFailedError(
    `Instance ${quote(endpoint.id)} has no port ${quote(name)}. Its named ports: ${known}.`,
  );
}

/** Sends the request to the endpoint that the balancer picks; to the next one where no connection is made. */
async function send(
  access: RegistryAccess,
  endpoints: readonly Endpoint[],
  service: string,
  path: string,
  args: Arguments,
): Promise<Answer> {
  const balancer = new RandomChoice(Math.random);
  const data = args.text('data');
  const headers = headersOf(args);
  const method = args.text('method') ?? (data === undefined ? 'GET' : 'POST');
  let rest = endpoints;
  for (let attempt = 1; ; attempt += 1) {
    balancer.update(rest);
    const picked = balancer.pick();
    if (!picked) throw new CommandFailedError(await noInstances(access, service));
    const endpoint = joinHostPort(picked.address, portOf(picked, args.text('port')));
    try {
      const response = await access.request(`${method} ${path} at ${endpoint}`, (signal) =>
        fetch(`http://${endpoint}${path}`, {
          method,
          headers,
          redirect: 'manual',
          signal,
          ...(data === undefined ? {} : { body: data }),
        }),
      );
      return { endpoint, response };
    } catch (error) {
      const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
      // `fetch` fails with a TypeError, which may be of another realm, and the reason as its cause.
      if (error instanceof SidekickError || cause === undefined) throw error;
      const failure = `${service} at ${endpoint}: ${messageOf(cause)}`;
      rest = rest.filter((other) => other !== picked);
      const retry = NOT_CONNECTED.has(cause.code ?? '') && rest.length > 0 && attempt < MAX_ATTEMPTS;
      if (!retry) throw new CommandFailedError(`The call failed: ${failure}`, { cause: error });
      access.deps.logger.warn(`piloted call: ${failure}; trying another instance.`);
    }
  }
}

async function print({ endpoint, response }: Answer, args: Arguments, terminal: Terminal): Promise<void> {
  const { status, statusText, headers, body } = response;
  if (args.has('json')) {
    printJson(terminal, {
      endpoint,
      status,
      headers: Object.fromEntries(headers),
      body: await response.text(),
    });
    return;
  }
  if (!response.ok || args.has('include')) {
    terminal.err(`${status} ${escapeControls(statusText)} from ${endpoint}`);
    if (args.has('include')) for (const [name, value] of headers) terminal.err(`${name}: ${value}`);
  }
  if (terminal.screen) {
    const text = await response.text();
    if (text !== '') terminal.out(escapeLines(text.replace(/\n$/, '')));
  } else if (body) for await (const chunk of body as AsyncIterable<Uint8Array>) terminal.write(chunk);
}

/** `piloted call`: sends an HTTP request to an instance of a service. */
export const call: Command = {
  syntax: {
    name: 'piloted call',
    summary: 'send an HTTP request to an instance of a service',
    operands: ['SERVICE /PATH'],
    maxOperands: 2,
    about: [
      'Sends an HTTP request to an instance of SERVICE, chosen by a balancer, and prints the body of the response. Where no',
      'connection is made, tries another instance. Exits with 0 for a status from 200 to 399, else with 1.',
    ],
    options: {
      ...REGISTRY_OPTIONS,
      method: { value: 'METHOD', about: 'the method (default: GET, with --data POST)', short: 'X' },
      data: { value: 'TEXT', about: 'the body of the request', short: 'd' },
      header: {
        value: 'LINE',
        about: 'a header, such as "accept: text/plain"; may be repeated',
        short: 'H',
        repeated: true,
      },
      port: { value: 'NAME', about: 'a named port of the instance' },
      include: { about: 'print the status and the headers to standard error', short: 'i' },
      ...JSON_OPTION,
    },
    dashes: '--',
    examples: [
      ['piloted call web /health', 'the health of an instance'],
      [`piloted call billing /invoices -d '{"amount":5}' -H 'content-type: application/json'`, 'a POST'],
    ],
  },
  run: async (args, terminal) => {
    const [service, path] = args.operands;
    if (service === undefined || path === undefined)
      throw new InvalidOptionError('Expected a SERVICE and a /PATH, such as: piloted call web /health');
    if (!path.startsWith('/')) throw expected('/PATH', 'a path that begins with a slash', path);
    return await withRegistry(args, terminal, async (access) =>
      withLists(access, queriesOf([service], undefined), async ([selection]) => {
        const answer = await send(access, selection?.endpoints ?? [], service, path, args);
        await print(answer, args, terminal);
        return answer.response.status < 400 ? EXIT.ok : EXIT.failed;
      }),
    );
  },
};
