import { type ElectionName } from '../../common/declared-names.js';
import { addMethodMetadata } from '../../nest/method-metadata.js';
import { replaceMethod } from '../../nest/replace-method.js';
import { injectProperty, propertyKey, readProperty } from './bound-properties.js';
import { getElectionToken } from './election-token.js';
import { type GivenElection, leaderGrant } from './given-election.js';
import { runGranted } from './granted-run.js';
import { checkParentheses, decoratorLabel, type JobMetadata, LEADER_ONLY } from './job-metadata.js';

/**
 * Runs the method only where this instance leads the election; elsewhere a call returns undefined at once. Using the
 * decorator makes the instance a candidate.
 *
 * The method receives `{ term, signal }` ({@link RunContext}): jobs of `@Cron`, `@Interval` and `@Timeout` as their only
 * argument, other methods after their own arguments. The signal is aborted when leadership is lost or the application
 * stops. The decorator may stand above or below those of `@nestjs/schedule`, `@nestjs/event-emitter` and
 * `@nestjs/microservices`.
 *
 * ```ts
 * @Cron('0 3 * * *')
 * @LeaderOnly('nightly-report')
 * async report({ signal }: RunContext) {}
 * ```
 *
 * A lease is not mutual exclusion: a write that must not be repeated is fenced by `term`.
 *
 * @param name Name of the election.
 * @default the name of the registered service
 * @throws InvalidOptionError while the class is loaded: `name` is not a valid name, or the decorator is not on an instance
 * method
 */
export function LeaderOnly(name?: ElectionName): MethodDecorator {
  checkParentheses('LeaderOnly', name);
  const token = getElectionToken(name);
  const decorator = decoratorLabel('LeaderOnly', name);
  const property = propertyKey(decorator);
  return (target, key, descriptor) => {
    const where = `${target.constructor.name}.${String(key)}`;

    replaceMethod(
      decorator,
      target,
      key,
      descriptor,
      (method) =>
        function (this: unknown, ...args: unknown[]) {
          const grant = leaderGrant(readProperty(this, property, where) as GivenElection, where);
          return grant && runGranted(grant, { method, instance: this, args });
        },
    );
    injectProperty(property, token, target);
    addMethodMetadata(LEADER_ONLY, descriptor.value as object, { name, property } satisfies JobMetadata);
  };
}
