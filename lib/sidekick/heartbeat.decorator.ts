import { checkName } from '../common/names.js';
import { addMethodMetadata } from '../nest/method-metadata.js';
import { type HeartbeatOptions } from './sidekick.options.js';
import { checkHeartbeatOptions } from './sidekick.validation.js';

/** Metadata key of {@link Heartbeat}. */
export const HEARTBEAT_METADATA = 'nestjs-sidekick:heartbeat';

/** Metadata of one {@link Heartbeat}. A method has an array of them. */
export interface HeartbeatMetadata {
  readonly key: string;
  readonly options: HeartbeatOptions;
}

/**
 * Registers the string that the method returns (or its promise resolves to) under `key`. The method is called at boot and
 * with every update interval. The key is deregistered at shutdown.
 *
 * The method receives an `AbortSignal` that is aborted after `updateInterval`; calls never overlap. It must belong to a
 * singleton provider or controller: a transient or request-scoped provider fails the boot, as does a duplicate key. One
 * method may have several decorators. Without `SidekickModule` in the application it has no effect.
 *
 * @throws InvalidOptionError for a bad key or option, when the class is loaded
 * @throws IntervalTooSmallError for an `updateInterval` below 1, when the class is loaded
 */
export function Heartbeat(key: string, options: HeartbeatOptions = {}): MethodDecorator {
  checkName('key', key);
  checkHeartbeatOptions(options, '@Heartbeat');
  const metadata: HeartbeatMetadata = { key, options };
  return (_target, _property, descriptor) => {
    addMethodMetadata(HEARTBEAT_METADATA, descriptor.value as object, metadata);
  };
}
