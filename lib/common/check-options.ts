import { type ValidationArguments, type ValidationError, Validator } from 'class-validator';
import { InvalidOptionError } from './errors/invalid-option.error.js';
import { expected } from './expected.js';
import { truncate } from './strings.js';

/**
 * The `message` of a class-validator decorator in the library's own words:
 * `@Min(2, told('a whole number of seconds, at least 2'))`.
 */
export function describeIssues(what: string): { readonly message: (args: ValidationArguments) => string } {
  return { message: ({ property, value }) => expected(property, what, value).message };
}

/** Its own: an application may give class-validator's functions a container, which knows nothing of this library. */
const validator = new Validator();

function* sentences(errors: readonly ValidationError[]): Generator<string> {
  for (const { constraints, children } of errors) {
    // Every constraint of a property tells the same thing; one sentence is enough.
    const [first] = Object.values(constraints ?? {});
    if (first !== undefined) yield first;
    yield* sentences(children ?? []);
  }
}

/**
 * Checks options against a class whose properties carry class-validator decorators. An option the class does not know
 * is a mistake too.
 *
 * @param of whose options they are: "SidekickModule"
 * @throws InvalidOptionError with one sentence for each bad option
 */
export function checkOptions(Type: new () => object, options: unknown, of: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw expected(`options of ${of}`, 'an object', options);
  }
  const known = new Set(Object.keys(new Type()));
  const strangers = Object.keys(options).filter((name) => !known.has(name));
  const unknown = strangers.map(
    (name) =>
      `Expected the options of ${of} to be among ${[...known].join(', ')}, got \`${truncate(name)}\`.`,
  );
  // What is not known may be called `__proto__`, and must not become one.
  const given = Object.entries(options).filter(([name]) => known.has(name));
  const candidate = Object.assign(new Type(), Object.fromEntries(given));
  const wrong = [...sentences(validator.validateSync(candidate, { forbidUnknownValues: false })), ...unknown];
  if (wrong.length > 0) throw new InvalidOptionError(wrong.join(' '));
}
