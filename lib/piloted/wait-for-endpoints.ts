import { type Observable } from 'rxjs';
import { onAbort } from '../common/async/abort.js';
import { ClosedError } from '../common/errors/index.js';
import { type ServiceChange, type ServiceState } from '../discovery/service-change.js';

/** The part of a handle that is waited for. */
interface Followed extends ServiceState {
  readonly name: string;
  /** Completes when the application closes. */
  readonly changes: Observable<ServiceChange>;
}

/**
 * Waits until the list has `min` endpoints. Never settles after `signal` is aborted.
 *
 * @throws ClosedError when the application closes first
 */
export async function waitForEndpoints(handle: Followed, min: number, signal: AbortSignal): Promise<void> {
  const isReady = (): boolean => handle.revision > 0 && handle.endpoints.length >= min;
  if (isReady()) return;
  let end = (): void => undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const subscription = handle.changes.subscribe({
        next: () => {
          if (isReady()) resolve();
        },
        complete: () => {
          reject(new ClosedError(`Service "${handle.name}"`));
        },
      });
      const remove = onAbort(signal, () => {
        subscription.unsubscribe();
      });
      end = () => {
        subscription.unsubscribe();
        remove();
      };
    });
  } finally {
    end();
  }
}
