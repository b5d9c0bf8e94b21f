import { type LockName } from '../../common/declared-names.js';
import { checkName } from '../../common/names.js';
import { addMethodMetadata } from '../../nest/method-metadata.js';
import { replaceMethod } from '../../nest/replace-method.js';
import { injectProperty, propertyKey, readProperty } from './bound-properties.js';
import { Elections } from './elections.service.js';
import { checkParentheses, decoratorLabel, type JobMetadata, LOCKED } from './job-metadata.js';
import { type GivenLocks, runLocked } from './locked-run.js';
import { checkLockedOptions, type LockedOptions } from './locked.options.js';

/**
 * Runs the method only while no other instance runs it: one run at a time over all instances, and at most one per
 * `lockAtLeastFor`. A call during another run does nothing. While the registry is unreachable, calls do nothing, and one
 * warning is logged. The method always returns a promise; that of a skipped run resolves to undefined.
 *
 * The method receives `{ term, signal }` ({@link RunContext}) as with `@LeaderOnly`. The signal is aborted after
 * `lockAtMostFor`, when the lock is lost, and when the application stops. A nested call of a method with the same name
 * runs under the lock of the outer one.
 *
 * ```ts
 * @Cron('0 3 * * *')
 * @Locked('nightly-invoices', { lockAtMostFor: 3_600, lockAtLeastFor: 60 })
 * async invoices({ signal }: RunContext) {}
 * ```
 *
 * @param name Name of the lock. Methods with the same name exclude each other.
 * @throws InvalidOptionError while the class is loaded: for a bad name or option, and when the decorator is not on an
 * instance method
 */
export function Locked(name: LockName, options: LockedOptions): MethodDecorator {
  checkParentheses('Locked', name);
  checkName('name', name);
  const decorator = decoratorLabel('Locked', name);
  checkLockedOptions(options, decorator);
  const { lockAtMostFor, lockAtLeastFor = 0 } = options;
  const durations = { lockAtMostForMs: lockAtMostFor * 1_000, lockAtLeastForMs: lockAtLeastFor * 1_000 };
  const property = propertyKey(decorator);
  return (target, key, descriptor) => {
    const label = `${target.constructor.name}.${String(key)}`;
    const acquire = { ...durations, label };
    replaceMethod(
      decorator,
      target,
      key,
      descriptor,
      (method) =>
        async function (this: unknown, ...args: unknown[]) {
          const locks = readProperty(this, property, label) as GivenLocks;
          return await runLocked(locks, name, acquire, { method, instance: this, args });
        },
    );
    injectProperty(property, Elections, target);
    addMethodMetadata(LOCKED, descriptor.value as object, { name, property } satisfies JobMetadata);
  };
}
