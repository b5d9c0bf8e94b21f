import { type ElectionName } from '../../common/declared-names.js';
import { injectProperty, propertyKey } from './bound-properties.js';
import { getElectionToken } from './election-token.js';
import { checkParentheses, decoratorLabel, type JobMetadata, ON_ELECTED } from './job-metadata.js';
import { addMethodMetadata } from '../../nest/method-metadata.js';
import { checkInstanceMethod } from '../../nest/replace-method.js';

/**
 * Calls the method with a {@link RunContext} each time this instance is elected. Using the decorator makes the instance a
 * candidate. Until its promise settles, the method counts as a job: leadership is not released before. Errors are logged,
 * and leadership is kept.
 *
 * For methods of singleton providers and controllers. A transient or request-scoped provider fails the boot.
 *
 * @param name Name of the election.
 * @default the name of the registered service
 * @throws InvalidOptionError while the class is loaded: `name` is not a valid name, or the decorator is not on an instance
 * method
 */
export function OnElected(name?: ElectionName): MethodDecorator {
  return onLeadership('OnElected', ON_ELECTED, name);
}

/** The decorator of a method that is called on a change of leadership. */
export function onLeadership(
  decorator: string,
  metadataKey: string,
  name: string | undefined,
): MethodDecorator {
  checkParentheses(decorator, name);
  const token = getElectionToken(name);
  const label = decoratorLabel(decorator, name);
  const property = propertyKey(label);
  return (target, key, descriptor) => {
    const method = checkInstanceMethod(label, target, key, descriptor);
    injectProperty(property, token, target);
    addMethodMetadata(metadataKey, method, { name, property } satisfies JobMetadata);
  };
}
