import { type ModulesContainer } from '@nestjs/core';
import { type Logger } from '../common/logger.js';
import { messageOf, stackOf } from '../common/thrown.js';
import { decoratedMethods } from '../nest/decorated-methods.js';
import { ON_SERVICE_CHANGE } from './on-service-change.decorator.js';
import { type ServiceChange } from '../discovery/service-change.js';

/** A method with `@OnServiceChange`. */
export interface FoundListener {
  readonly service: string;
  /** Class and method, for messages: `OrdersController.list`. */
  readonly where: string;
  readonly call: (change: ServiceChange) => void;
}

/** Finds the methods with `@OnServiceChange`. */
export class ServiceChangeExplorer {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly logger: Logger,
  ) {}

  /** @throws InvalidOptionError when the provider of such a method is not a singleton */
  listeners(): readonly FoundListener[] {
    return decoratedMethods<readonly string[]>(this.modules, ON_SERVICE_CHANGE, '@OnServiceChange').flatMap(
      ({ metadata, where, call }) =>
        metadata.map((service) => ({
          service,
          where,
          call: (change: ServiceChange) => {
            this.run(where, service, () => call(change));
          },
        })),
    );
  }

  private run(where: string, service: string, call: () => unknown): void {
    const failed = (error: unknown): void => {
      this.logger.error(`${where} failed: ${messageOf(error)}`, stackOf(error), {
        event: 'listener-failed',
        service,
        method: where,
      });
    };
    try {
      const result = call();
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
