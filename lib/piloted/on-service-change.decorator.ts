import { SetMetadata } from '@nestjs/common';
import { checkName } from '../common/names.js';
import { recordUsage } from './service-usage.js';

/** Under which a method's services stand. */
export const ON_SERVICE_CHANGE = 'nestjs-sidekick:on-service-change';

/**
 * Calls the method with each change (`ServiceChange`) of the service: from `onApplicationBootstrap`, after every
 * provider's `onModuleInit`, beginning with the current list, and until just before the first `onModuleDestroy`, so
 * during a drain too. A method may carry several. What it throws is logged.
 *
 * On methods of singleton providers and controllers, however they are provided; on a transient or request-scoped
 * provider it fails the boot.
 *
 * @throws InvalidOptionError when `name` cannot be the name of a service
 */
export function OnServiceChange(name: string): MethodDecorator {
  checkName('name', name);
  return (target, key, descriptor) => {
    recordUsage(name, 'listener', target, key);
    const method = descriptor.value as object;
    const former = (Reflect.getMetadata(ON_SERVICE_CHANGE, method) as readonly string[] | undefined) ?? [];
    SetMetadata(ON_SERVICE_CHANGE, [...former, name])(target, key, descriptor);
  };
}
