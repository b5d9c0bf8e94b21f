import { ValidateIf, type ValidationArguments, type ValidationError, Validator } from 'class-validator';
import { InvalidOptionError } from './errors/invalid-option.error.js';
import { expected, formatValue } from './expected.js';
import { similarName } from './similar-name.js';
import { truncate } from './strings.js';

/** Where the options of a running validation are, for messages. */
const prefixes = new WeakMap<object, string>();

/**
 * Returns the `message` of a class-validator decorator in the form of {@link expected}:
 * `@Min(2, describeIssues('an integer of at least 2 seconds'))`.
 */
export function describeIssues(what: string): { readonly message: (args: ValidationArguments) => string } {
  return {
    message: ({ property, value, object }) =>
      expected(`${prefixes.get(object) ?? ''}${property}`, what, value).message,
  };
}

/** Checks an option unless it is left out. null, which `@IsOptional` accepts too, is a value like any other. */
export function IfGiven(): PropertyDecorator {
  return ValidateIf((_options, value) => value !== undefined);
}

/** Its own instance, because an application may set a container for class-validator's global functions. */
const validator = new Validator();

function* messages(errors: readonly ValidationError[]): Generator<string> {
  for (const { constraints, children } of errors) {
    // All constraints of a property have the same message.
    const [first] = Object.values(constraints ?? {});
    if (first !== undefined) yield first;
    yield* messages(children ?? []);
  }
}

/**
 * Validates options against a class whose properties carry class-validator decorators. Unknown options are errors too.
 *
 * @param of The owner of the options, for messages: "SidekickModule".
 * @param prefix Precedes the names of the options in messages: "services[0].".
 * @throws InvalidOptionError with one sentence for each invalid option
 */
export function checkOptions(Type: new () => object, options: unknown, of: string, prefix = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    if (prefix !== '') throw expected(prefix.slice(0, -1), 'an object', options);
    throw new InvalidOptionError(
      `Expected the options of ${of} to be an object, got ${formatValue(options)}.`,
    );
  }
  const known = new Set(Object.keys(new Type()));
  const unknown = Object.keys(options).filter((name) => !known.has(name));
  const unknownMessages = unknown.map(
    (name) =>
      `Expected the options of ${of} to be among ${[...known].join(', ')}, got \`${truncate(name)}\`.${similarName(name, [...known])}`,
  );
  // Copies known names only: an option named `__proto__` must not become the prototype.
  const given = Object.entries(options).filter(([name]) => known.has(name));
  const candidate = Object.assign(new Type(), Object.fromEntries(given));
  prefixes.set(candidate, prefix);
  const issues = validator.validateSync(candidate, { forbidUnknownValues: false });
  const complete = [...messages(issues), ...unknownMessages];
  if (complete.length > 0) throw new InvalidOptionError(complete.join(' '));
}
