import { recordedTerminal } from '../../../test/harness/terminal.js';
import { runCommand } from '../run-command.js';
import { render } from './render.js';

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const terminal = recordedTerminal({ env });
  const code = await runCommand(render, args, terminal);
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return { code, out: text(terminal.outLines), err: text(terminal.errLines) };
}

describe('piloted render', () => {
  it('prints the rendered file unchanged', async () => {
    expect(await run(['{ a: "{{ .A }}" }'], { A: 'b' })).toEqual({ code: 0, out: '{ a: "b" }\n', err: '' });
  });

  it('prints JSON', async () => {
    const { out } = await run(['--json', '{ a: "{{ .A }}" }'], { A: '\u2028' });
    expect(out).toBe('{"text":"{ a: \\"\\u2028\\" }"}\n');
  });

  it('reads the file that CONTAINERPILOT names', async () => {
    expect((await run([], { CONTAINERPILOT: '{ {{ len "abc" }} }' })).out).toBe('{ 3 }\n');
  });

  it('renders a file that is no valid configuration', async () => {
    expect((await run(['{ nonsense }'])).code).toBe(0);
  });

  it('fails with the position', async () => {
    const { code, out, err } = await run(['{\n{{ nope }}']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('configuration:2:4: Function "nope" does not exist.\n{{ nope }}\n   ^\n');
  });

  it('fails without a file', async () => {
    expect(await run([])).toMatchObject({
      code: 1,
      err: expect.stringContaining('undefined configfile') as string,
    });
    expect(await run(['/nowhere.json5'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ENOENT') as string,
    });
  });

  it('prints its help, and the reason of a usage error', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('Usage: piloted render [OPTIONS] [FILE]') as string,
    });
    expect(await run(['a', 'b'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/Expected at most 1 argument, got "b" too\.\n\nUsage/) as string,
    });
    expect((await run(['--nope'])).code).toBe(2);
  });
});
