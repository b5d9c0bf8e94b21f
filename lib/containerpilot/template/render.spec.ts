import { readFileSync } from 'node:fs';
import { ConfigError } from '../config.error.js';
import { renderTemplate } from './render.js';

interface Case {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly template: string;
  readonly output: string | null;
  readonly error: string | null;
}

const cases = JSON.parse(
  readFileSync(
    new URL('../../../test/harness/fixtures/go-templates/templates.json', import.meta.url),
    'utf8',
  ),
) as Case[];

function outcome({ template, env }: Case): { output: string | null; error: unknown } {
  try {
    return { output: renderTemplate(template, env), error: null };
  } catch (error) {
    return { output: null, error };
  }
}

describe('templates, compared with Go', () => {
  it('have 92 cases', () => {
    expect(cases).toHaveLength(92);
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const { output, error } = outcome(one);
    expect(output).toBe(one.output);
    if (one.error === null) return;
    expect(error).toBeInstanceOf(ConfigError);
    // Columns of Go are zero-based, and errors of its parser have none.
    const [, line, column] = /^template: :(\d+)(?::(\d+))?:/.exec(one.error) ?? [];
    const place = error as ConfigError;
    expect(place.line).toBe(Number(line));
    expect(place.column).toEqual(column === undefined ? expect.any(Number) : Number(column) + 1);
  });
});
