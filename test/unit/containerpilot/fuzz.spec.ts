import fc from 'fast-check';
import { checkContainerPilot, ConfigError, renderTemplate } from '../../../lib/subpaths/containerpilot.js';

/** How many inputs in all: a share in the unit run, up to a million in the long form. */
const RUNS = Number(process.env.SIDEKICK_FUZZ_RUNS ?? 10_000);
/** A single input takes well under a millisecond; one that takes this long hangs. */
const HANG = 10_000;

const FILES: readonly string[] = [
  `{ consul: "localhost:8500", jobs: [ { name: "app", exec: ["node", "app"], port: {{ .PORT | default 80 }},
    tags: ["a", "b"], interfaces: ["eth0[1]", "inet", "10.0.0.0/8", "static:10.0.0.1"], initial_status: "passing",
    health: { exec: "x", interval: 5, ttl: 10, timeout: "1m30s" }, meta: { a: "b" },
    consul: { enableTagOverride: true, deregisterCriticalServiceAfter: "10m" } } ],
    watches: [ { name: "db", interval: 3, tag: "x", dc: "e" }, ], telemetry: { port: 9090 } } // end`,
  `{ "consul": { "address": "c:8501", "scheme": "https", "token": "t", "tls": { "cafile": "ca", "verify": false } },
    "services": [ { "name": "web", "port": 80, "poll": 3, "ttl": 10, "health": "x", "interfaces": "eth0" } ],
    "backends": [ { "name": "{{ .NAME }}", "poll": 3, "onChange": "y" } ] }`,
  `{ etcd: { endpoints: ["http://e1:2379", "e2:2379"], prefix: '/p' }, tasks: null, coprocesses: [] }`,
  `{ watches: [ {{ range $i, $n := .LIST | split "," }}{{ if $i }},{{ end }}
    { name: "{{ $n | replaceAll "_" "-" }}", interval: {{ env (printf "I_%d" $i) | default 5 }} }{{ end }} ] }`,
  `{{ define "w" }}{ name: "{{ . }}", interval: 0x10 }{{ end -}}
    { watches: [ {{ template "w" .NAME }} {{- with .NOPE }}x{{ else }}, {{ end }}
    {{ block "b" (index . "NAME") }}{ name: 'b{{ len . }}', interval: +1. }{{ end }} ] /* c */ }`,
  '{{ range loop 3 1 }}{{ if eq . 2 }}{{ continue }}{{ else if gt . 5 }}{{ break }}{{ end }}{{ . }}{{ end }}',
  '{{ $x := "a:b" | split ":" }}{{ join "-" $x | html | js | urlquery | printf "%-10q|%[1]v" }}{{ slice "abc" 1 2 }}',
  '{{ printf "%5.2f %x %+d %U %t %v %#v %T %e %*d" 1.5 "hi" 3 0x2603 true (loop 2) "q" nil 1e21 4 2 }}{{ 1i }}{{ \'a\' }}',
  '{{ .URL | regexReplaceAll "^(?P<s>https?)://([^/]+)" "${s}-$2$$" }}{{ and 1 "" | or 0 | not }}{{ println .A }}',
];

const ENV = {
  PORT: '8080',
  NAME: 'db',
  LIST: 'a_1,b_2,c_3',
  I_1: '7',
  URL: 'http://h:1/x',
  A: 'ü☃😀',
  E: '',
};

const PIECES: readonly string[] = [
  ...Array.from('{}[](),:;|"\'`\\/*$.-+=%#0 \n\t\u0000\ufeff☃😀'),
  '{{',
  '}}',
  '{{-',
  '-}}',
  '{{end}}',
  '{{else}}',
  '{{if 1}}',
  '{{range loop 9}}',
  '{{.}}',
  '{{define "w"}}',
  '{{template "w"}}',
  '/*',
  '*/',
  '//',
  'null',
  'true',
  'nil',
  'NaN',
  'Infinity',
  '-1',
  '1e999',
  '0x',
  '9223372036854775808',
  '__proto__',
  'constructor',
  'toString',
  'loop 99999',
  'printf "%99999d" 1',
  'regexReplaceAll "(a*)*" "$1"',
  '$x := ',
  '\\u0000',
  '\\xff',
  'consul:',
  'watches:',
  'jobs:',
  'name:',
  'port:',
];

type Edit = readonly [at: number, remove: number, insert: string, copy: number];

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.nat(4_000),
  fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
  fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ maxLength: 4, unit: 'binary' })),
  fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(40)),
);

function mutate(text: string, edits: readonly Edit[]): string {
  return edits.reduce((before, [at, remove, insert, copy]) => {
    const start = at % (before.length + 1);
    return (
      before.slice(0, start) +
      insert +
      before.slice(start + remove, start + remove + copy) +
      before.slice(start + remove)
    );
  }, text);
}

const mutant = fc
  .tuple(fc.constantFrom(...FILES), fc.array(edit, { minLength: 1, maxLength: 5 }))
  .map(([file, edits]) => mutate(file, edits));

/** Runs one input, which may fail with a ConfigError and in no other way. */
function survives(run: () => void): void {
  const start = performance.now();
  try {
    run();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.code).toBe('SIDEKICK_CONFIG');
    expect(error.message.length).toBeLessThan(50_000);
  }
  expect(performance.now() - start).toBeLessThan(HANG);
}

function check(text: string): void {
  // A space before it keeps a text that a mutation made into a path from being looked up as one.
  const { config, problems } = checkContainerPilot(` {${text.replace(/^\s*\{/, '')}`, ENV, { hostname: 'h' });
  expect(config === undefined).toBe(problems.length > 0);
  for (const problem of problems) expect(problem).toBeInstanceOf(ConfigError);
}

describe('mutations of valid files', () => {
  afterEach(() => {
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('are read or refused with a ConfigError', () => {
    fc.assert(
      fc.property(mutant, (text) => survives(() => check(text))),
      { numRuns: Math.ceil(RUNS / 2) },
    );
  }, 3_600_000);

  it('are rendered or refused with a ConfigError that has a place', () => {
    fc.assert(
      fc.property(mutant, (text) =>
        survives(() => {
          try {
            renderTemplate(text, ENV);
          } catch (error) {
            if (error instanceof ConfigError)
              expect([typeof error.line, typeof error.column]).toEqual(['number', 'number']);
            throw error;
          }
        }),
      ),
      { numRuns: Math.ceil(RUNS / 2) },
    );
  }, 3_600_000);

  it('hold no surprise in what was found before', () => {
    for (const text of FOUND) survives(() => check(text));
    for (const text of FOUND) survives(() => renderTemplate(text, ENV));
  });
});

/** Inputs that once crashed, hung, or were taken for what they are not. */
const FOUND: readonly string[] = [
  '{{printf "%1000000d" (loop 10000)}}',
  '{{range loop 10000}}{{range loop 10000}}{{end}}{{end}}',
  '{{range loop 10000}}{{$x := split "" $.BIG}}{{end}}',
  '{{and nil | loop 2}}',
  '{{regexReplaceAll "\\xff" "" "a"}}',
  '{{0x1_0p1_0}}{{1__0}}{{0x}}',
  '{a: 012}',
  '{"__proto__": {"x": 1}}',
];
