import assert from 'node:assert/strict';
import fc from 'fast-check';
import { piloted } from '../../../lib/cli/piloted.js';
import { sidekicker } from '../../../lib/cli/sidekicker.js';
import { type Terminal } from '../../../lib/cli/terminal.js';
import { recordedTerminal } from '../../harness/terminal.js';
import { mutatedTexts } from '../mutation.js';
import { names } from '../values.js';
import { dataTarget, type Target } from '../target.js';

/** Registries that would be connected to, and files that would be made: no business of this test. */
const ELSEWHERE = /(?:etcds?|consuls?|https?|file|dns):|^\/dev\//i;

function args(words: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...words) },
      { weight: 2, arbitrary: mutatedTexts(words) },
      { weight: 1, arbitrary: names },
    ),
    { maxLength: 7 },
  );
}

function argumentsTarget(
  name: string,
  program: (given: readonly string[], terminal: Terminal) => Promise<number>,
  words: readonly string[],
): Target {
  return dataTarget<readonly string[]>({
    name,
    promise:
      'whatever the arguments are, the program ends with 0, 1, 2 or 130, by its interruption, and has said why',
    share: 0.1,
    inputs: (corpus) =>
      fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...corpus) }, { weight: 9, arbitrary: args(words) }),
    run: async (given) => {
      if (given.some((arg) => ELSEWHERE.test(arg))) return;
      // The words after it would be run as a command.
      if (program === sidekicker && given.includes('--')) return;
      const said: string[] = [];
      // Long enough for work in memory; some programs run until they are interrupted.
      const terminal = recordedTerminal({
        env: { SIDEKICK_REGISTRY: 'memory:fuzz', CONTAINERPILOT: '{watches:[{name:"web"}]}' },
        out: (text) => void said.push(text),
        err: (text) => void said.push(text),
      });
      terminal.stdin.end();
      const timer = setTimeout(() => {
        terminal.interrupt();
      }, 10);
      const code = await program(given, terminal).finally(() => {
        clearTimeout(timer);
      });
      assert.ok([0, 1, 2, 130].includes(code), `the exit code is 0, 1, 2 or 130, got ${code}`);
      assert.ok(code === 0 || code === 130 || said.length > 0, 'a failure is reported');
      for (const text of said) assert.ok(text.length < 20_000, 'a message is short');
    },
  });
}

export const sidekickerArguments = argumentsTarget('sidekicker-arguments', sidekicker, [
  '-key',
  'k',
  '-val',
  'v',
  '-',
  '-servers',
  'memory:fuzz',
  'fixed:web=10.0.0.1:80',
  'zookeeper://x',
  '-ttl',
  '10',
  '-update',
  '1',
  '0',
  '-1',
  '1e999',
  '-exclusive',
  '-hold',
  '-verbose',
  '-help',
  '--',
  '--key=k',
  '-ttl=5',
]);

export const pilotedArguments = argumentsTarget('piloted-arguments', piloted, [
  'ls',
  'watch',
  'check',
  'render',
  'call',
  'keys',
  'get',
  'doctor',
  'completion',
  'bash',
  'help',
  'web',
  '--registry',
  'memory:fuzz',
  'fixed:web=10.0.0.1:80',
  '--config',
  '{watches:[{name:"web"}]}',
  '{watches:[{name:"{{.A}}", interval: 1}]}',
  '/nowhere',
  '.',
  '',
  '--json',
  '--help',
  '--',
]);
