/** Results that are right although the cell does not work: a limit of the compiler, which README.md names. */
const EXPECTED = [
  [
    /TS1479/,
    'refused by TypeScript (TS1479): a CommonJS application cannot import an ES module with this setting',
  ],
  [/TS5107|TS5108|TS5102|TS5110|TS5095|TS5109/, 'the compiler has no such setting'],
];

/** Returns what a cell of the table shows, and whether it is a fault. */
export function verdict(error) {
  if (error === undefined) return { text: 'works', fault: false };
  if (error.notRun) return { text: `not run: ${error.message}`, fault: false };
  const known = EXPECTED.find(([pattern]) => pattern.test(error.message));
  return known
    ? { text: known[1], fault: false }
    : {
        text: `**fails**: ${error.message.split('\n')[0].replaceAll('|', '\\|').slice(0, 120)}`,
        fault: true,
      };
}

/** Returns the page `docs/compatibility.md`. */
export function page(results, version) {
  const tables = results.map(({ title, columns, rows }) => {
    const lines = rows.map(({ what, beside, text }) => `| ${what} | ${beside} | ${text} |`);
    return [`## ${title}`, '', `| ${columns.join(' | ')} | result |`, '| --- | --- | --- |', ...lines].join(
      '\n',
    );
  });
  return `# Compatibility

<!-- written by "npm run compatibility" -->

\`npm run compatibility\` installs the packed package, version ${version}, in applications of their own and writes this page. "works" means: the
application registers, finds itself, calls itself over HTTP by the name of its service, and ends. For TypeScript it means that the
compiler accepts the application, for \`node10\` in TypeScript 6 with \`ignoreDeprecations\`. \`npm test\` and \`npm run test:long\` play a share of it: both versions of Nest, the oldest and the newest TypeScript, esbuild,
Node 22, 24 and 26 for the HTTP client, etcd 3.5 and Consul 1.8.

${tables.join('\n\n')}
`;
}

/** Returns the results that a page shows for a group, "not run" where it has none. */
export function recorded(text, { title, rows }) {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  const lines = section
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | *\|$/g, '').trim()));
  return rows.map(({ what, beside }) => ({
    what,
    beside,
    text:
      lines.find((cells) => cells[0] === what && cells[1] === beside)?.[2] ??
      'not run: `npm run compatibility` runs it',
  }));
}
