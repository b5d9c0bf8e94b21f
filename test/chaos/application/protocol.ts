import { type RegistrationStatus } from '../../../lib/registration/registration-status.js';
import { type DiscoveryDump } from '../../../lib/piloted/discovery.service.js';
import { type Happening } from '../recording/event.js';
import { type KeptSettings } from './settings.js';
import { type HeartbeatOptions, type ServiceAnnouncement } from '../../../lib/sidekick/sidekick.options.js';
import { type ThreadEnd } from './threads.js';

/** The prefix of an application's last message if a handle prevents its exit. */
export const STILL_HERE = 'Still here, for:';

/** How many picks an application made of the services it follows. */
export interface Picks {
  readonly picked: number;
  readonly failed: number;
}

/** The outcomes of simultaneous calls for an endpoint. */
export interface Calls {
  readonly found: number;
  /** The codes of those that failed. */
  readonly failed: readonly string[];
}

/** The commands of an application, each with its result. */
export interface Commands {
  /** Hangs the event loop for so many milliseconds. */
  block(ms: number): void;
  /** Ends the worker threads it has, and answers how many there were. */
  endThreads(how: ThreadEnd): Promise<number>;
  /** Moves its wall clock by so many milliseconds; the monotonic clock stays as it is. */
  moveWallClock(ms: number): void;
  /** Keeps one more key. */
  keep(kept: KeptSettings): Promise<void>;
  /** Changes the value of a key of `keys`. */
  value(key: string, value: string): Promise<void>;
  /** Stops to keep a key of `keys`. */
  stopKey(key: string): Promise<void>;
  /** Withdraws everything, and puts it back. */
  pause(): Promise<void>;
  resume(): void;
  beats(): readonly RegistrationStatus[];
  dump(): DiscoveryDump;
  picks(): Picks;
  refresh(): Promise<void>;
  /** Asks so many times at once for an endpoint of a service. */
  call(service: string, times: number): Promise<Calls>;
  /** Announces one more instance, at its own HTTP port unless another is given. */
  announce(service: ServiceAnnouncement, keeping?: HeartbeatOptions): Promise<void>;
  /** Withdraws an instance that was announced so. */
  withdraw(service: string, id: string): Promise<void>;
  /** Closes the application, and answers how many milliseconds that took. */
  close(): Promise<number>;
  /** As `close`, and has the process end by itself. */
  leave(): Promise<number>;
}

/** One command on its way. */
export interface Order {
  readonly call: number;
  readonly command: keyof Commands;
  readonly args: readonly unknown[];
}

/** A report of an application. */
export type Report =
  /** It takes commands; with `http`, it can be closed though it is not up. */
  | { readonly kind: 'booting' }
  | { readonly kind: 'ready'; readonly port: number | undefined }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'happened'; readonly who: string; readonly at: number; readonly happening: Happening }
  | { readonly kind: 'answer'; readonly call: number; readonly value?: unknown }
  | { readonly kind: 'refused'; readonly call: number; readonly message: string };
