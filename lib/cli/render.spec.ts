import { renderCommand } from './render.js';

function run(
  args: readonly string[],
  env: Record<string, string> = {},
): { code: number; out: string; err: string } {
  let out = '';
  let err = '';
  const code = renderCommand(args, {
    env,
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += `${text}\n`),
  });
  return { code, out, err };
}

describe('piloted render', () => {
  it('prints the rendered file unchanged', () => {
    expect(run(['{ a: "{{ .A }}" }'], { A: 'b' })).toEqual({ code: 0, out: '{ a: "b" }\n', err: '' });
  });

  it('reads the file that CONTAINERPILOT names', () => {
    expect(run([], { CONTAINERPILOT: '{ {{ len "abc" }} }' }).out).toBe('{ 3 }\n');
  });

  it('renders a file that is no valid configuration', () => {
    expect(run(['{ nonsense }']).code).toBe(0);
  });

  it('fails with the position', () => {
    const { code, out, err } = run(['{\n{{ nope }}']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('configuration:2:4: Function "nope" does not exist.\n{{ nope }}\n   ^\n');
  });

  it('fails without a file', () => {
    expect(run([])).toMatchObject({
      code: 1,
      err: expect.stringContaining('undefined configfile') as string,
    });
    expect(run(['/nowhere.json5'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ENOENT') as string,
    });
  });

  it('prints its usage', () => {
    expect(run(['--help'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('Usage') as string,
    });
    expect(run(['a', 'b'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('Usage') as string,
    });
    expect(run(['--nope']).code).toBe(1);
  });
});
