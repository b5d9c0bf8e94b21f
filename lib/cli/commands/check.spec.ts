import { recordedTerminal } from '../../../test/harness/terminal.js';
import { runCommand } from '../run-command.js';
import { check } from './check.js';

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const terminal = recordedTerminal({ env });
  const code = await runCommand(check, args, terminal);
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return { code, out: text(terminal.outLines), err: text(terminal.errLines) };
}

describe('piloted check', () => {
  it('summarizes a valid file', async () => {
    const text = `{ consul: "https://c:8501", watches: [{ name: "db", interval: 5, tag: "x", dc: "e{{ .NOPE }}" }],
      jobs: [{ name: "app", port: 80, health: { interval: 5, ttl: 10 } }] }`;
    const { code, out, err } = await run([text]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(
      'ContainerPilot 3, Consul at https://c:8501\nwatches db, every 5 s, tag x, datacenter e\n',
    );
    expect(out).toMatch(/announces app as app-.+, port 80, TTL 10 s\n/);
    expect(out).toContain('not set in the environment: NOPE\nThe configuration can be used.\n');
  });

  it('prints warnings and succeeds', async () => {
    const { code, out, err } = await run(['{ etcd: { endpoints: "e:1" }, backends: [{ name: "db" }] }']);
    expect(code).toBe(0);
    expect(err).toContain('warning: configuration:1:42: `backends[0].poll` is missing');
    expect(out).toContain('ContainerPilot 2, etcd at http://e:1/containerpilot\n');
    expect(out).toContain('can be used, with 1 warning.');
  });

  it('prints every problem', async () => {
    const { code, out, err } = await run(['{ consul: 5, watches: 5, x: 1 }']);
    expect([code, out]).toEqual([1, '']);
    for (const part of ['`consul`', '`watches`', '`x`', '3 problems']) expect(err).toContain(part);
  });

  it('never prints a token', async () => {
    const { out, err } = await run(['{ consul: { address: "c:1", token: "c4n4ry" } }'], {
      CONSUL_HTTP_TOKEN: 'c4n4ry2',
    });
    expect(out + err).not.toContain('c4n4ry');
  });

  it('fails without a file, and prints its usage', async () => {
    expect(await run([])).toMatchObject({
      code: 1,
      err: expect.stringContaining('undefined configfile') as string,
    });
    expect((await run(['-h'])).code).toBe(0);
    expect((await run(['a', 'b'])).code).toBe(2);
  });
});
