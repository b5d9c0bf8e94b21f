const listeners = new Set<() => void>();

function onSignal(): void {
  for (const listener of [...listeners]) listener();
}

/**
 * Calls `listener` on every SIGHUP; returns what ends that. However many listen, the process has one handler, and
 * none when the last is gone: then SIGHUP ends it again, as is its default.
 */
export function onSighup(listener: () => void): () => void {
  // Wrapped: the same function may listen twice.
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
