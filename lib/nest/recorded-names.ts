/** Learns the names that are recorded later. */
export interface NameListener<Name> {
  onName(name: Name): void;
}

/**
 * Names that decorators record while classes are loaded: also after an application was created, as with the classes of a lazy
 * module.
 */
export class RecordedNames<Name> {
  private readonly names = new Set<Name>();
  /** Weak, since an application that failed to boot is not closed. */
  private readonly listeners = new Set<WeakRef<NameListener<Name>>>();

  get all(): readonly Name[] {
    return [...this.names];
  }

  record(name: Name): void {
    if (this.names.has(name)) return;
    this.names.add(name);
    for (const each of this.listeners) {
      const listener = each.deref();
      if (listener) listener.onName(name);
      else this.listeners.delete(each);
    }
  }

  /** Calls the listener with every name that is recorded from now on. Returns a function that removes it. */
  listen(listener: NameListener<Name>): () => void {
    const reference = new WeakRef(listener);
    this.listeners.add(reference);
    return () => void this.listeners.delete(reference);
  }
}
