import { type ServiceName } from '../common/declared-names.js';
import { checkName } from '../common/names.js';
import { addMethodMetadata } from '../nest/method-metadata.js';
import { recordUsage } from './service-usage.js';

/** Metadata key of the services of a method. */
export const ON_SERVICE_CHANGE = 'nestjs-sidekick:on-service-change';

/**
 * Calls the method with each change (`ServiceChange`) of the service. The first call is at `onApplicationBootstrap`,
 * after the `onModuleInit` of all providers, with the current list. The last is before the first `onModuleDestroy`, so
 * a drain is included. A method may have several of these decorators. Errors of the method are logged.
 *
 * For methods of singleton providers and controllers. A transient or request-scoped provider fails the boot.
 *
 * @throws InvalidOptionError when `name` is not a valid service name
 */
export function OnServiceChange(name: ServiceName): MethodDecorator {
  checkName('name', name);
  return (target, key, descriptor) => {
    recordUsage(name, 'listener', target, key);
    addMethodMetadata(ON_SERVICE_CHANGE, descriptor.value as object, name);
  };
}
