import { ConfigError } from '../config.error.js';
import { FUNCTIONS, SHORT_CIRCUIT } from './functions/index.js';
import { expectLinear } from '../../../test/harness/in-memory/growth.js';
import { renderTemplate } from './render.js';

const BIG = 'x'.repeat(100_000);

/** Templates that need unlimited time or memory. */
const RUNAWAYS: Readonly<Record<string, string>> = {
  'a loop beyond its limit': '{{loop 10001}}',
  'a loop of everything': '{{loop -9223372036854775808 9223372036854775807}}',
  'a template that calls itself': '{{define "t"}}{{template "t"}}{{end}}{{template "t"}}',
  'two templates that call each other':
    '{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}',
  'a template that calls the whole': 'x{{template ""}}',
  'nested loops': '{{range loop 10000}}{{range loop 10000}}{{range loop 10000}}{{end}}{{end}}{{end}}',
  'a value that doubles': '{{$x := "0123456789"}}{{range loop 10000}}{{$x = print $x $x}}{{end}}',
  'a joined value that doubles': '{{$x := "ab"}}{{range loop 100}}{{$x = $x | split "" | join $x}}{{end}}',
  'a replacement that grows': '{{$x := "a"}}{{range loop 100}}{{$x = replaceAll "a" "aaaaaaaaaa" $x}}{{end}}',
  'an expression that grows':
    '{{$x := "a"}}{{range loop 100}}{{$x = regexReplaceAll "a" "$0$0$0$0" $x}}{{end}}',
  'wide numbers': '{{range loop 10000}}{{$x := printf "%1000000d" 1}}{{end}}',
  'wide numbers of a list': '{{printf "%1000000d" (loop 10000)}}',
  'much output': '{{range loop 10000}}{{$.BIG}}{{end}}',
  'much escaping': '{{range loop 10000}}{{$x := html $.BIG}}{{end}}',
  'much splitting': '{{range loop 10000}}{{$x := split "" $.BIG}}{{end}}',
  'many comparisons': '{{range loop 10000}}{{$x := eq $.BIG $.BIG}}{{end}}',
  'large expressions': '{{range loop 10000}}{{$x := regexReplaceAll "((a{30}){30})" "" "a"}}{{end}}',
  'an expression that backtracking would never finish':
    '{{range loop 10000}}{{$x := regexReplaceAll "(a*)*(a*)*(a|aa)+$" "" $.BIG}}{{end}}',
  'a search that starts again at each match': '{{regexReplaceAll "x.*z|x" "" (print $.BIG $.BIG)}}',
  'deep blocks': '{{if true}}'.repeat(10_000),
  'deep parentheses': `{{${'('.repeat(100_000)}`,
  'deep else-ifs': `{{if 0}}${'{{else if 0}}'.repeat(50_000)}{{end}}`,
  'many variables': '{{$x := 1}}'.repeat(50_000),
};

describe('template limits', () => {
  it.each(Object.entries(RUNAWAYS))('reject %s', (_name, template) => {
    expect(() => renderTemplate(template, { BIG })).toThrow(ConfigError);
  });

  it('reject a template of more than 1 MiB', () => {
    expect(renderTemplate('x'.repeat(1_048_576), {})).toHaveLength(1_048_576);
    expect(() => renderTemplate('x'.repeat(1_048_577), {})).toThrow(ConfigError);
    expect(() => renderTemplate('é'.repeat(600_000), {})).toThrow(ConfigError);
  });

  it('limit the verbs of formats', () => {
    const template = `{{range loop 100}}{{$x := printf "${'%['.repeat(520_000)}"}}{{end}}`;
    expectLinear(() => {
      expect(() => renderTemplate(template, {})).toThrow('Expected functions to process at most');
    });
  });

  it('takes linear time for a number without the digits of its exponent', () => {
    expectLinear(() => {
      expect(() => renderTemplate(`{{${'1'.repeat(1_000_000)}e}}`, {})).toThrow('bad number');
    });
  });

  it('allow large realistic templates', () => {
    const nested = '{{range loop 100}}{{range loop 100}}{{if eq . 99}}x{{end}}{{end}}{{end}}';
    expect(renderTemplate(nested, {})).toHaveLength(100);
    const elseIfs = Array.from({ length: 150 }, (_, i) => `{{else if eq .N "${i}"}}${i}`).join('');
    expect(renderTemplate(`{{if eq .N "x"}}${elseIfs}{{end}}`, { N: '149' })).toBe('149');
    expect(renderTemplate('{{len (loop 10000)}}', {})).toBe('10000');
    expect(renderTemplate('{{.BIG | replaceAll "x" "yy" | len}}', { BIG })).toBe('200000');
  });
});

describe('template sandbox', () => {
  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'prototype',
    '__defineGetter__',
  ])('treats %s as an ordinary name', (name) => {
    expect(renderTemplate(`[{{.${name}}}|{{env "${name}"}}|{{index . "${name}"}}|{{$.${name}}}]`, {})).toBe(
      '[|||]',
    );
    expect(renderTemplate(`{{.${name}}}`, JSON.parse(`{"${name}": "mine"}`) as Record<string, string>)).toBe(
      'mine',
    );
    expect(() => renderTemplate(`{{${name}}}`, {})).toThrow(ConfigError);
    expect(() => renderTemplate(`{{"x".${name}}}`, {})).toThrow(ConfigError);
    expect(() => renderTemplate(`{{(print "x").${name}}}`, {})).toThrow(ConfigError);
  });

  it.each([
    'process',
    'require',
    'global',
    'globalThis',
    'import',
    'fs',
    'eval',
    'Function',
    'file',
    'exec',
    'shell',
  ])('has no function or variable %s', (name) => {
    for (const action of [name, `${name}.env`, `call ${name}`, `$${name}`, `call .${name}`, `.${name} 1`])
      expect(() => renderTemplate(`{{${action}}}`, {})).toThrow(ConfigError);
    expect(renderTemplate(`{{.${name}}}{{env "${name}"}}`, {})).toBe('');
  });

  it('reads no file, neither by a path nor by a URL or template name', () => {
    for (const action of [
      'template "/etc/passwd"',
      'template "file:///etc/passwd"',
      'include "/etc/passwd"',
      'file "/etc/passwd"',
    ])
      expect(() => renderTemplate(`{{${action}}}`, {})).toThrow(ConfigError);
    expect(renderTemplate('{{env "/etc/passwd"}}{{.HOME}}', {})).toBe('');
  });

  it('has exactly these functions', () => {
    const go = 'and call eq ge gt html index js le len lt ne not or print printf println slice urlquery';
    const containerpilot = 'default env join loop regexReplaceAll replaceAll split';
    expect([...FUNCTIONS.keys(), ...SHORT_CIRCUIT].sort()).toEqual(
      `${go} ${containerpilot}`.split(' ').sort(),
    );
  });

  it('reads no inherited property of the environment', () => {
    const polluted = Object.create({ INHERITED: 'x' }) as Record<string, string>;
    polluted.OWN = 'y';
    expect(renderTemplate('[{{.INHERITED}}{{env "INHERITED"}}{{.OWN}}]', polluted)).toBe('[y]');
  });

  it('does not read the environment of the process', () => {
    expect(renderTemplate('{{.PATH}}{{env "PATH"}}', {})).toBe('');
  });

  it('calls no method of a value', () => {
    expect(() => renderTemplate('{{(loop 3).length}}', {})).toThrow(ConfigError);
    expect(renderTemplate('{{.unset}}{{.size}}{{.get}}', {})).toBe('');
  });

  it('keeps equals signs in a value', () => {
    expect(renderTemplate('{{.A}}', { A: 'b=c=d' })).toBe('b=c=d');
    expect(renderTemplate('{{env "A"}}|{{index . "A"}}', { A: '=b' })).toBe('=b|=b');
  });

  it('renders an empty variable as an empty string', () => {
    expect(renderTemplate('[{{.A}}]', { A: '' })).toBe('[]');
  });
});

describe('template error', () => {
  function failure(template: string, env: Record<string, string> = {}): ConfigError {
    try {
      renderTemplate(template, env);
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
    throw new Error('Expected a failure.');
  }

  it('has the position, the line with a caret, and the unset variables', () => {
    const error = failure('{\n  port: {{ .PORT }},\n  n: {{ loop .COUNT }}\n}');
    expect(error).toMatchObject({
      code: 'SIDEKICK_CONFIG',
      line: 3,
      column: 9,
      unsetVariables: ['PORT', 'COUNT'],
    });
    expect(error.source).toBe('  n: {{ loop .COUNT }}\n        ^');
    expect(error.message).toContain('configuration:3:9: loop: Expected an int or a string of digits');
    expect(error.message).toContain('not set: PORT, COUNT.');
  });

  it('contains no value of the environment', () => {
    const secret = 'c4n4ry';
    const templates = [
      '{{loop .S}}',
      '{{regexReplaceAll .S "" "x"}}',
      '{{.S.X}}',
      '{{range .S}}{{end}}',
      '{{lt .S 1}}',
      '{{call .S}}',
      '{{slice .S .S}}',
      '{{join "," .S}}',
    ];
    for (const template of templates) {
      const { message } = failure(template, { S: `[${secret}` });
      expect(message).not.toContain(secret);
    }
  });

  it('has a column in characters, not in bytes', () => {
    expect(failure('é☃😀{{.A.B.C}}{{foo}}')).toMatchObject({ line: 1, column: 16 });
  });
});
