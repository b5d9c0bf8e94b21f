import { type FSWatcher, watch } from 'node:fs';
import { type Logger } from '../../common/logger.js';
import { errnoOf } from './fs-error.js';

/** Called with the name of a file that has changed; null when the file system does not report which. */
type ChangeListener = (file: string | null) => void;

/** The notifications of the file system about changes in the folders of one registry. Warns once where there are none. */
export class Notifications {
  private hasWarned = false;

  /** @param open tests pass their own */
  constructor(
    private readonly logger: Logger,
    private readonly open: (folder: string, onChange: ChangeListener) => FSWatcher = watchFolder,
  ) {}

  /** Follows a folder. Undefined where that is not possible now: polling must suffice until the next attempt. */
  follow(folder: string, onChange: ChangeListener): FSWatcher | undefined {
    try {
      return this.open(folder, onChange);
    } catch (error) {
      // A folder that was removed right before is created by the next poll.
      if (errnoOf(error) !== 'ENOENT') this.warn(folder, error);
      return undefined;
    }
  }

  private warn(folder: string, error: unknown): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    this.logger.warn(
      `The file system gives no notifications about the folder ${folder} (${errnoOf(error) ?? String(error)}): changes by other processes are seen by polling, within a second instead of at once. ${adviceOnNotifications(error)}`,
    );
  }
}

/** What the operator can do where a folder cannot be watched. */
export function adviceOnNotifications(error: unknown): string {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EMFILE'
    ? 'Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances with sysctl.'
    : 'Use a local file system.';
}

function watchFolder(folder: string, onChange: ChangeListener): FSWatcher {
  return watch(folder, (_event, file) => {
    onChange(file);
  });
}
