type AbortListener = (reason: unknown) => void;

/**
 * What axios reads of an `AbortSignal`: whether it is aborted, its event, and its reason. Nearly no attempt is aborted, and
 * an `AbortController` costs more than the rest of an attempt's own work.
 */
export class AttemptSignal {
  aborted = false;
  reason: unknown = undefined;
  private readonly listeners: AbortListener[] = [];

  /** Aborts the attempt. A second call does nothing. */
  abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) listener({ type: 'abort', target: this });
    this.listeners.length = 0;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: AbortListener): void {
    this.listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    const place = this.listeners.indexOf(listener);
    if (place >= 0) this.listeners.splice(place, 1);
  }
}
