import { once } from 'node:events';
import { forkTypeScript } from '../../harness/fork.js';
import { freePorts } from '../../harness/ports.js';

/** Out of the way of what other tests take, and of these tests of another checkout. */
const FROM = 11_000 + (process.pid % 20) * 40;
const RANGE = Object.freeze({ from: FROM, to: FROM + 40 });

describe('the ports of the servers', () => {
  it('are one process’s alone, listened to or not, for as long as it lives', async () => {
    const args = ['20', String(RANGE.from), String(RANGE.to)];
    const other = forkTypeScript(new URL('../../harness/fixtures/claim-ports.ts', import.meta.url), args);
    const exited = once(other, 'exit');
    const [theirs] = (await once(other, 'message')) as [number[]];
    const ours = await freePorts(10, RANGE);
    expect(new Set([...theirs, ...ours]).size).toBe(30);
    other.kill('SIGKILL');
    await exited;
    const rest = await freePorts(25, RANGE);
    expect(new Set([...ours, ...rest]).size).toBe(35);
    expect(rest.filter((port) => theirs.includes(port)).length).toBeGreaterThan(10);
  });
});
