import { joinHostPort } from '../../common/address.js';
import { CHANNELS, listen } from '../../common/diagnostics.js';
import { InvalidOptionError, SidekickError } from '../../common/errors/index.js';
import { escapeControls, escapeLines } from '../../common/escape.js';
import { expected } from '../../common/expected.js';
import { silentLogger } from '../../common/logger.js';
import { checkName } from '../../common/names.js';
import { quote } from '../../common/strings.js';
import { messageOf } from '../../common/thrown.js';
import { type ServiceCache } from '../../discovery/service-cache.js';
import { type Arguments } from '../arguments.js';
import { CommandFailedError } from '../command-failed.error.js';
import { type Command } from '../run-command.js';
import { type RegistryAccess, JSON_OPTION, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { printJson } from '../rows.js';
import { noInstances, withCache } from '../service-lists.js';
import { EXIT, type Terminal } from '../terminal.js';

/** The most endpoints that are tried: a connection that fails has sent nothing. */
const MAX_ATTEMPTS = 3;

/** Marks the messages of this command's calls. */
const ORIGIN = 'piloted call';

interface Target {
  readonly service: string;
  readonly path: string;
  /** How many endpoints are tried. */
  readonly attempts: number;
}

interface Answer {
  readonly endpoint: string;
  readonly response: Response;
}

function headersOf(args: Arguments): Headers {
  const headers = new Headers();
  for (const line of args.all('header')) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) throw expected('header', '`NAME: VALUE`', line);
    try {
      headers.append(name, value);
    } catch {
      throw expected('header', '`NAME: VALUE` with characters that HTTP allows', line);
    }
  }
  return headers;
}

interface RequestParts {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}

/** @throws InvalidOptionError for a method or header that HTTP does not allow, and for a GET with a body */
function requestOf(args: Arguments): RequestParts {
  const data = args.text('data');
  const method = args.text('method') ?? (data === undefined ? 'GET' : 'POST');
  const parts = { method, headers: headersOf(args), ...(data === undefined ? {} : { body: data }) };
  try {
    // Checks as fetch does later, when the reason would be the cause of another error.
    new Request('http://service/', parts);
  } catch (error) {
    throw new InvalidOptionError(`Expected a request that can be sent: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return parts;
}

/** The URL by which the client finds the service, such as `https://_admin.web/path`. */
function urlOf(service: string, path: string, args: Arguments): string {
  const host = service.toLowerCase();
  const port = args.text('port');
  const origin = `${args.has('https') ? 'https' : 'http'}://${port === undefined ? '' : `_${port}.`}${service}`;
  if (!URL.canParse(origin) || !new URL(origin).hostname.endsWith(host))
    throw new CommandFailedError(
      `The service ${quote(service)} cannot be called: its name is no host of a URL.`,
    );
  return `${origin}${path}`;
}

/** Sends the request as an application does with ServiceHttp; to another endpoint where no connection is made. */
async function send(
  { deps, request }: RegistryAccess,
  cache: ServiceCache,
  { service, path, attempts }: Target,
  args: Arguments,
  interrupted: AbortSignal,
): Promise<Answer> {
  const url = urlOf(service, path, args);
  const parts = requestOf(args);
  const { method } = parts;
  // Loaded here, since the other commands do not need them.
  const { ServiceHandles } = await import('../../piloted/service-handles.js');
  const { ServiceHttp } = await import('../../http/service-http.js');
  const { Routes } = await import('../../http/routes.js');
  const handles = new ServiceHandles({
    ...deps,
    // This command prints what happens to its call.
    logger: silentLogger,
    cache,
    applicationId: ORIGIN,
    balancer: 'random',
    bootTimeout: 0,
  });
  handles.declare({
    name: service,
    outlierDetection: false,
    retry: { attempts, budget: 1, on: ['connect'] },
  });
  const http = new ServiceHttp({ routes: new Routes(handles, false), clock: deps.clock, timeout: undefined });
  let endpoint = '';
  let failure = '';
  const ends = [
    listen(CHANNELS.requestStart, ORIGIN, ({ endpoint: { address, port }, attempt }) => {
      endpoint = joinHostPort(address, port);
      if (attempt > 1) deps.logger.warn(`piloted call: ${failure}; trying another instance.`);
    }),
    listen(CHANNELS.requestEnd, ORIGIN, ({ error }) => {
      failure = `${service} at ${endpoint}: ${error === undefined ? 'no connection' : messageOf(error).trim()}`;
    }),
  ];
  try {
    const response = await request(`${method} ${path} of service ${quote(service)}`, (signal) =>
      http.fetch(url, {
        ...parts,
        redirect: 'manual',
        // The body may have no end, and is read later.
        signal: AbortSignal.any([signal, interrupted]),
      }),
    );
    return { endpoint, response };
  } catch (error) {
    // The registry was asked before: what is invalid is the instance.
    if (error instanceof InvalidOptionError) throw new CommandFailedError(error.message, { cause: error });
    // `fetch` fails with a TypeError, which may be of another realm, and the reason as its cause.
    const { cause } = error as { readonly cause?: unknown };
    if (error instanceof SidekickError || cause === undefined) throw error;
    throw new CommandFailedError(`The call failed: ${failure || messageOf(cause).trim()}`, { cause: error });
  } finally {
    for (const end of ends) end();
    handles.close();
    http.close();
  }
}

async function print({ endpoint, response }: Answer, args: Arguments, terminal: Terminal): Promise<void> {
  const { status, statusText, headers, body } = response;
  if (args.has('json')) {
    const cookies = headers.getSetCookie();
    printJson(terminal, {
      endpoint,
      status,
      // An array as in Node's own headers: cookies cannot be joined.
      headers: { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) },
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
  } else if (body) await copy(body as AsyncIterable<Uint8Array>, terminal);
}

/** Prints a body as it arrives. It may have no end: an interruption is one. */
async function copy(body: AsyncIterable<Uint8Array>, terminal: Terminal): Promise<void> {
  try {
    for await (const chunk of body) {
      terminal.write(chunk);
      await terminal.drained?.();
    }
  } catch (error) {
    if (!terminal.interrupted.aborted) throw error;
  }
}

/** `piloted call`: sends an HTTP request to an instance of a service. */
export const call: Command = {
  syntax: {
    name: 'piloted call',
    summary: 'send an HTTP request to an instance of a service',
    operands: ['SERVICE /PATH'],
    maxOperands: 2,
    about: [
      'Sends an HTTP request to an instance of SERVICE, chosen by a balancer, and prints the body of the response. The Host',
      'header is the name of the service. Where no connection is made, tries another instance. Exits with 0 for a status',
      'from 200 to 399, else with 1.',
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
      https: { about: 'call by HTTPS; the certificate must be for the name of the service' },
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
    checkName('service', service);
    return await withRegistry(args, terminal, async (access) =>
      withCache(access, [{ service }], async (cache, [selection]) => {
        const attempts = Math.min(MAX_ATTEMPTS, selection?.endpoints.length ?? 0);
        if (attempts === 0) throw new CommandFailedError(await noInstances(access, service));
        const answer = await send(access, cache, { service, path, attempts }, args, terminal.interrupted);
        await print(answer, args, terminal).catch((error: unknown) => {
          if (terminal.interrupted.aborted) throw error;
          const { cause = error } = error as { readonly cause?: unknown };
          const message = `The response of ${service} at ${answer.endpoint} broke off: ${messageOf(cause).trim()}`;
          throw new CommandFailedError(message, { cause: error });
        });
        return answer.response.status < 400 ? EXIT.ok : EXIT.failed;
      }),
    );
  },
};
