import { printArguments } from '../format/print.js';
import { runeAt } from '../values/bytes.js';
import { isPrintable } from '../values/unicode.js';
import { type Functions, type TemplateFunction } from './function.js';

const HTML: Readonly<Record<string, string>> = {
  '\0': '\xef\xbf\xbd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

function html(bytes: string): string {
  return bytes.replace(/[\0"'&<>]/g, (char) => HTML[char] ?? char);
}

const JS: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '"': '\\"' };

function hex(code: number, digits: number): string {
  return code.toString(16).toUpperCase().padStart(digits, '0');
}

function js(bytes: string): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const { code, size } = runeAt(bytes, at);
    const char = bytes.slice(at, at + size);
    const escape = code < 0x20 || '<>&='.includes(char) || (code >= 0x80 && !isPrintable(code));
    parts.push(JS[char] ?? (escape ? `\\u${hex(code, 4)}` : char));
    at += size;
  }
  return parts.join('');
}

function urlquery(bytes: string): string {
  return bytes.replace(/[^\w.~-]/g, (char) => (char === ' ' ? '+' : `%${hex(char.charCodeAt(0), 2)}`));
}

function escaper(escape: (bytes: string) => string): TemplateFunction {
  return {
    parameters: ['any'],
    variadic: true,
    call: (args, { budget }) => budget.chargeValue(escape(budget.chargeValue(printArguments(args)))),
  };
}

/** The functions `html`, `js` and `urlquery`. */
export const ESCAPERS: Functions = { html: escaper(html), js: escaper(js), urlquery: escaper(urlquery) };
