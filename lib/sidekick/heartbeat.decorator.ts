import { SetMetadata } from '@nestjs/common';
import { checkName } from '../kernel/names.js';
import { type KeepingOptions } from './sidekick.options.js';
import { checkKeeping } from './sidekick.validation.js';

/** Metadata key of {@link Heartbeat}. */
export const HEARTBEAT = Symbol('nestjs-sidekick:heartbeat');

/** What {@link Heartbeat} leaves on a method. */
export interface HeartbeatMetadata {
  readonly key: string;
  readonly options: KeepingOptions;
}

/**
 * Keeps what the method returns (a text, or a promise of one) under `key`: computed at boot and with every update
 * interval, removed at shutdown. On methods of providers and controllers that are singletons.
 *
 * @throws InvalidOptionError, IntervalTooSmallError when the class is loaded
 */
export function Heartbeat(key: string, options: KeepingOptions = {}): MethodDecorator {
  checkName('key', key);
  checkKeeping(options, '@Heartbeat');
  const metadata: HeartbeatMetadata = { key, options };
  return SetMetadata(HEARTBEAT, metadata);
}
