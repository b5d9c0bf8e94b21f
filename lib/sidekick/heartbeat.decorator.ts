import { SetMetadata } from '@nestjs/common';
import { checkName } from '../common/names.js';
import { type HeartbeatOptions } from './sidekick.options.js';
import { checkHeartbeatOptions } from './sidekick.validation.js';

/** Metadata key of {@link Heartbeat}. */
export const HEARTBEAT_METADATA = 'nestjs-sidekick:heartbeat';

/** What each {@link Heartbeat} leaves on a method, in a list. */
export interface HeartbeatMetadata {
  readonly key: string;
  readonly options: HeartbeatOptions;
}

/**
 * Keeps what the method returns (a string, or a promise of one) under `key`: computed at boot and with every update
 * interval, removed at shutdown. The method gets an `AbortSignal` that is aborted after `updateInterval`, and is never
 * called twice at a time. On methods of singleton providers and controllers, however they are provided; on a
 * transient or request-scoped provider it fails the boot, and so does a key that is named twice. A method may carry
 * several.
 *
 * @throws InvalidOptionError, IntervalTooSmallError when the class is loaded
 */
export function Heartbeat(key: string, options: HeartbeatOptions = {}): MethodDecorator {
  checkName('key', key);
  checkHeartbeatOptions(options, '@Heartbeat');
  const metadata: HeartbeatMetadata = { key, options };
  return (target, property, descriptor) => {
    const method = descriptor.value as object;
    const former =
      (Reflect.getMetadata(HEARTBEAT_METADATA, method) as readonly HeartbeatMetadata[] | undefined) ?? [];
    SetMetadata(HEARTBEAT_METADATA, [...former, metadata])(target, property, descriptor);
  };
}
