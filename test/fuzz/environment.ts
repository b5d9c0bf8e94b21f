/** Stands where the environment holds a secret: no error may show it. */
export const SECRET = 'c4n4ry';

/** The variables of the templates. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  PORT: '8080',
  NAME: 'db',
  LIST: 'a_1,b_2,c_3',
  I_1: '7',
  URL: 'http://h:1/x',
  A: 'ü☃😀',
  E: '',
  EQ: 'b=c',
  SECRET: `[${SECRET}`,
  __proto__x: 'own',
};

/** The pieces of templates. */
export const TEMPLATE_WORDS: readonly string[] = [
  '{{',
  '}}',
  '{{-',
  '-}}',
  '{{end}}',
  '{{else}}',
  '{{if 1}}',
  '{{range loop 9}}',
  '{{.}}',
  '{{.SECRET}}',
  '{{env "SECRET"}}',
  '{{.__proto__}}',
  '{{.constructor.constructor}}',
  '{{index . "__proto__"}}',
  '{{define "w"}}',
  '{{template "w"}}',
  '{{break}}',
  '{{continue}}',
  'nil',
  'loop 99999',
  'loop 10000',
  'printf "%99999d" 1',
  'regexReplaceAll "(a*)*" "$1"',
  '$x := ',
  '$x = print $x $x',
  '| html | js | urlquery',
  'slice "abc" 1 2',
  'index',
  'len',
];
