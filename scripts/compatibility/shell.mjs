import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The arguments of npm that install packages. It waits five minutes for a response that does not arrive, unless a limit is set. */
export const NPM_INSTALL = [
  'install',
  '--prefer-offline',
  '--fetch-timeout=30000',
  '--fetch-retries=5',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];

/**
 * Runs a program to its end and resolves with what it wrote to stdout.
 *
 * @throws Error with its whole output, when it fails or does not end in time
 */
export async function shell(program, args, { cwd, env = {}, timeout = 240_000 } = {}) {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd,
      env: { ...withoutNpm(process.env), ...env },
      maxBuffer: 64 << 20,
      timeout,
      killSignal: 'SIGKILL',
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '', killed, message } = error;
    const late = killed ? `Did not end within ${timeout} ms.\n` : '';
    const output = `${stdout}${stderr}`.trim() || message;
    throw new Error(`${late}${output}\n${[program, ...args].join(' ')}`, { cause: error });
  }
}

/** Without the variables that npm sets for its scripts: they would misdirect a package manager in another folder. */
function withoutNpm(env) {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD)/i.test(name),
    ),
  );
}
