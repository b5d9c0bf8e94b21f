import { SetMetadata } from '@nestjs/common';
import { checkName } from '../kernel/names.js';
import { recordUsage } from './service-usage.js';

/** Under which a method's services stand. */
export const ON_SERVICE_CHANGE = 'nestjs-sidekick:on-service-change';

/**
 * Calls the method with each change (`ServiceChange`) of the service, its first list included. A method may carry
 * several. What it throws is logged.
 *
 * @throws InvalidOptionError when `name` cannot be the name of a service
 */
export function OnServiceChange(name: string): MethodDecorator {
  checkName('name', name);
  return (target, key, descriptor) => {
    recordUsage(name, target, key);
    const method = descriptor.value as object;
    const former = (Reflect.getMetadata(ON_SERVICE_CHANGE, method) as readonly string[] | undefined) ?? [];
    SetMetadata(ON_SERVICE_CHANGE, [...former, name])(target, key, descriptor);
  };
}
