import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which it is killed; 240,000 by default. */
  readonly timeout?: number;
}

/**
 * Runs a program to its end and resolves with what it wrote to stdout.
 *
 * @throws Error with everything it said, when it fails or does not end in time
 */
export async function shell(
  program: string,
  args: readonly string[],
  { cwd, env = {}, timeout = 240_000 }: ShellOptions = {},
): Promise<string> {
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
    const {
      stdout = '',
      stderr = '',
      killed,
    } = error as { stdout?: string; stderr?: string; killed?: boolean };
    const late = killed ? `did not end within ${timeout} ms\n` : '';
    throw new Error(`${[program, ...args].join(' ')}\n${late}${stdout}${stderr}`, { cause: error });
  }
}

/** Without the variables that `npm test` sets for its scripts: they would misdirect an npm in another folder. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD)/i.test(name),
    ),
  );
}
