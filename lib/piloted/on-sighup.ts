const listeners = new Set<() => void>();

function onSignal(): void {
  for (const listener of [...listeners]) listener();
}

/**
 * Calls `listener` on every SIGHUP. Returns a function that removes it. The process has one signal handler for all
 * listeners, and none after the last has been removed: SIGHUP then terminates the process, which is its default.
 */
export function onSighup(listener: () => void): () => void {
  // Wrapped, since the same function may be added twice.
  const own = (): void => {
    listener();
  };
  if (listeners.size === 0) process.on('SIGHUP', onSignal);
  listeners.add(own);
  return () => {
    listeners.delete(own);
    if (listeners.size === 0) process.off('SIGHUP', onSignal);
  };
}
