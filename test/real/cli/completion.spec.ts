import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { piloted } from '../../../lib/cli/piloted.js';
import { removeFolder, tempFolder } from '../../harness/temp.js';
import { recordedTerminal } from '../../harness/terminal.js';

const run = promisify(execFile);

describe('The completion script in bash', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await tempFolder('completion');
    const terminal = recordedTerminal();
    await piloted(['completion', 'bash'], terminal);
    await writeFile(join(folder, 'script'), terminal.outLines.join('\n'));
    // Replaces `piloted ls`: the names of services are what others have registered.
    const names = ['web', 'two words', `$(touch '${join(folder, 'evaluated')}')`, '`id`', '--help'];
    const lines = names.map((name) => `'${name.replaceAll("'", `'\\''`)}'`).join(' ');
    await writeFile(join(folder, 'piloted'), `#!/bin/sh\nprintf '%s\\n' ${lines}\n`);
    await chmod(join(folder, 'piloted'), 0o755);
  });
  afterAll(async () => {
    await removeFolder(folder);
  });

  /** What TAB offers after these words, the last of which may be incomplete. */
  async function offered(...words: readonly string[]): Promise<string[]> {
    const list = words.map((word) => `'${word}'`).join(' ');
    const program = `source "$0"; COMP_WORDS=(piloted ${list}); COMP_CWORD=${words.length}; _piloted; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['--norc', '-c', program, join(folder, 'script')], {
      env: { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}` },
    });
    return stdout.split('\n').filter((line) => line !== '');
  }

  it('offers the commands, and the options of a command', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['ls', 'watch', 'call', 'doctor', '--version']));
    expect(await offered('call', '--h')).toEqual(['--header', '--https', '--help']);
  });

  it('offers the services, quoted for the shell, and evaluates none', async () => {
    expect(await offered('ls', 'w')).toEqual(['web']);
    expect(await offered('ls', 'two')).toEqual(['two\\ words']);
    expect(await offered('watch', '$')).toEqual([expect.stringMatching(/^\\\$\\\(touch/)]);
    expect(existsSync(join(folder, 'evaluated'))).toBe(false);
  });
});
