import { readFileSync } from 'node:fs';
import { systemClock } from '../../common/clock.js';
import { escapeControls } from '../../common/escape.js';
import { RegistryRefusedError, SidekickError } from '../../common/errors/index.js';
import { checkName } from '../../common/names.js';
import { messageOf } from '../../common/thrown.js';
import { type Finding } from '../../registry/inspection.js';
import { type Arguments } from '../arguments.js';
import { type Command } from '../run-command.js';
import { type RegistryAccess, JSON_OPTION, REGISTRY_OPTIONS, withRegistry } from '../registry-access.js';
import { alignRows, printJson } from '../rows.js';
import { EXIT, type Terminal } from '../terminal.js';

/** The service whose rights are checked without an operand. */
const DEFAULT_SERVICE = 'web';
/** A registry that needs longer for one instance's list is far away or overloaded. */
const SLOW_MS = 500;
/** Open files that a process needs: sockets to the registry, to instances, and of its own server. */
const MIN_OPEN_FILES = 1_024;
const OLDEST_NODE = [20, 19] as const;

function nodeFinding(): Finding {
  const { version } = process;
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return old
    ? {
        check: 'node',
        status: 'failed',
        message: version,
        advice: `Use Node ${OLDEST_NODE.join('.')} or later.`,
      }
    : { check: 'node', status: 'ok', message: version };
}

/** The limit of open files, from Linux's /proc. Undefined elsewhere. */
function openFilesFinding(): Finding | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return undefined;
  }
  const [, limit] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  if (limit === undefined) return undefined;
  const message = `up to ${limit} in one process`;
  return Number(limit) >= MIN_OPEN_FILES
    ? { check: 'open files', status: 'ok', message }
    : {
        check: 'open files',
        status: 'warning',
        message,
        advice: `Raise the limit to ${MIN_OPEN_FILES} or more: ulimit -n, or LimitNOFILE of the systemd unit.`,
      };
}

/** Reads a service once. A refusal is an answer too: the checks of the rights explain it. */
async function reachable(
  { registry, request }: RegistryAccess,
  service: string,
): Promise<{ readonly finding: Finding; readonly answered: boolean }> {
  const check = 'reachable';
  const list = async (): Promise<void> => {
    await request(`The registry ${registry.url}`, (signal) =>
      registry.list({ kind: 'service', service }, signal),
    );
  };
  let start: number;
  try {
    // The first request connects and logs in; the second is like those of an application.
    await list();
    start = systemClock.now();
    await list();
  } catch (error) {
    if (!(error instanceof SidekickError)) throw error;
    if (error instanceof RegistryRefusedError)
      return {
        finding: { check, status: 'ok', message: 'answers, and refuses the request' },
        answered: true,
      };
    const advice =
      registry.driver === 'file'
        ? 'Name a folder of this user on a local file system: file:/some/folder.'
        : 'Check the address, the port, TLS and the credentials, and that a firewall lets this machine through.';
    return { finding: { check, status: 'failed', message: messageOf(error), advice }, answered: false };
  }
  const ms = Math.round(systemClock.now() - start);
  const message = `answers in ${ms} ms`;
  if (ms < SLOW_MS) return { finding: { check, status: 'ok', message }, answered: true };
  const advice = 'Use a registry nearer to this machine, or a TTL of at least 30 seconds.';
  return { finding: { check, status: 'warning', message, advice }, answered: true };
}

async function examine(
  access: RegistryAccess,
  service: string,
  key: string | undefined,
): Promise<readonly Finding[]> {
  const { registry, request } = access;
  const { driver, url } = registry;
  const reached = await reachable(access, service);
  const findings: Finding[] = [
    nodeFinding(),
    ...[openFilesFinding()].flatMap((finding) => finding ?? []),
    { check: 'registry', status: 'ok', message: `${url} (${driver})` },
    reached.finding,
  ];
  // Every further check would fail for the same reason.
  if (!reached.answered) return findings;
  const rights = { service, ...(key === undefined ? {} : { key }) };
  const more = await request(
    `Examining ${url}`,
    async (signal) => (await registry.examine?.(rights, signal)) ?? [],
  );
  return [...findings, ...more];
}

function print(findings: readonly Finding[], args: Arguments, terminal: Terminal): void {
  if (args.has('json')) {
    for (const finding of findings) printJson(terminal, finding);
    return;
  }
  const lines = alignRows(findings.map(({ status, check, message }) => [status.padEnd(7), check, message]));
  for (const [i, line] of lines.entries()) {
    terminal.out(line);
    const advice = findings[i]?.advice;
    if (advice !== undefined) terminal.out(`         ${escapeControls(advice)}`);
  }
}

/** `piloted doctor`: checks that this machine can use a registry. */
export const doctor: Command = {
  syntax: {
    name: 'piloted doctor',
    summary: 'check that this machine can use the registry',
    operands: ['[SERVICE]'],
    maxOperands: 1,
    about: [
      'Checks the registry, and prints what to do about each problem: whether it is reachable, its version, its clock, its',
      `limits, hard links of a folder, and the rights to read and register SERVICE (default: ${DEFAULT_SERVICE}) and --key.`,
      'Changes nothing in the registry. Exits with 1 when a check failed.',
    ],
    options: {
      ...REGISTRY_OPTIONS,
      key: { value: 'KEY', about: 'check the right to register this key too' },
      ...JSON_OPTION,
    },
    dashes: '--',
    examples: [
      ['piloted doctor', 'the registry of this machine'],
      [
        'piloted doctor billing --registry etcds://app:secret@etcd:2379',
        'the rights of the user app on service billing',
      ],
    ],
  },
  run: async (args, terminal) => {
    const [service = DEFAULT_SERVICE] = args.operands;
    const key = args.text('key');
    checkName('SERVICE', service);
    if (key !== undefined) checkName('key', key);
    return await withRegistry(args, terminal, async (access) => {
      const findings = await examine(access, service, key);
      print(findings, args, terminal);
      return findings.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
    });
  },
};
