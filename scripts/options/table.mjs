/** Writes tables of options between markers of a page. */
import { readOptions } from './interfaces.mjs';

/**
 * A table from its marker to its end. The marker names a file, an interface of it and, for a part of its options, their names:
 * `<!-- options: lib/sidekick/sidekick.options.ts SidekickModuleOptions ttl drain -->`.
 */
const TABLE = /^<!-- options: (\S+) (\w+)((?: \w+)*) -->\n.*?^<!-- end of options -->$/gms;

/** A value is shown as code: `'random'`, `true`, `10`, `['a']`. */
const LITERAL = /^(?:'[^']*'|-?[\d.,_]+|true|false|\[[^\]]*\]|\{[^}]*\})$/;

function cell(text) {
  return text.replaceAll('|', '\\|');
}

function defaultOf({ required, byDefault }) {
  if (byDefault === undefined) return required ? 'required' : '–';
  const parts = /^('[^']*')(: .*)$/.exec(byDefault);
  if (parts) return `\`${parts[1]}\`${cell(parts[2])}`;
  return LITERAL.test(byDefault) && !byDefault.includes('`') ? `\`${cell(byDefault)}\`` : cell(byDefault);
}

function tableOf(path, name, only) {
  const members = readOptions(path, name);
  const shown =
    only.length === 0 ? members : only.map((wanted) => find(members, wanted, `${name} of ${path}`));
  const rows = shown.map((member) => {
    if (member.meaning === '' && member.byDefault === undefined)
      throw new Error(
        `Expected the option ${member.name} of ${name} in ${path} to have a docstring, found none.`,
      );
    return `| \`${member.name}\` | ${defaultOf(member)} | ${cell(member.meaning)} |`;
  });
  return ['| option | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function find(members, wanted, where) {
  const member = members.find(({ name }) => name === wanted);
  if (!member) throw new Error(`Expected an option ${wanted} in ${where}, found none.`);
  return member;
}

/**
 * The page with all its tables written again. Not formatted.
 *
 * @param {string} page
 */
export function withOptions(page) {
  return page.replaceAll(TABLE, (_, path, name, names) => {
    const only = names.trim() === '' ? [] : names.trim().split(' ');
    const marker = `<!-- options: ${[path, name, ...only].join(' ')} -->`;
    return `${marker}\n\n${tableOf(path, name, only)}\n\n<!-- end of options -->`;
  });
}
