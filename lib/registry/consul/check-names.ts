import { expected } from '../../kernel/expected.js';
import { type Scope } from '../registry.js';

function check(field: string, name: string): void {
  if (name === '' || !name.isWellFormed())
    throw expected(field, 'a text that is not empty and well-formed', name);
}

/**
 * Refuses what no encoding can help: an empty name, which would ask for everything, and half a character.
 *
 * @throws InvalidOptionError
 */
export function checkNames(scope: Scope): void {
  if (scope.kind === 'key') {
    check('key', scope.key);
    return;
  }
  check('service', scope.service);
  if (scope.kind === 'instance') check('id', scope.id);
}
