import { readFileSync } from 'node:fs';
import { ConfigError } from '../config.error.js';
import { renderTemplate } from './render.js';

interface Suite {
  readonly env: Record<string, string>;
  readonly cases: readonly {
    readonly template: string;
    readonly output: string | null;
    readonly line?: number;
  }[];
}

/** Templates written by hand and generated at random, with the output of Go 1.19's text/template. */
const { env, cases } = JSON.parse(
  readFileSync(
    new URL('../../../test/harness/fixtures/go-templates/templates-more.json', import.meta.url),
    'utf8',
  ),
) as Suite;

function outcome(template: string): { output: string | null; failed: unknown } {
  try {
    return { output: renderTemplate(template, env), failed: undefined };
  } catch (failed) {
    return { output: null, failed };
  }
}

describe('further templates, compared with Go', () => {
  it.each(cases)('$template', ({ template, output }) => {
    const got = outcome(template);
    expect(got.output).toBe(output);
    if (output === null) {
      expect(got.failed).toBeInstanceOf(ConfigError);
      const { code, line, column } = got.failed as ConfigError;
      expect([code, typeof line, typeof column]).toEqual(['SIDEKICK_CONFIG', 'number', 'number']);
    }
  });
});
