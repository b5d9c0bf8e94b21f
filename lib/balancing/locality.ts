/** The position of this process among the clients of a service, and its zone. */
export interface Locality {
  /** The zone of this process; undefined while it is not known. */
  readonly zone: string | undefined;
  /** Distinguishes this process from other clients. */
  readonly clientId: string;
  /** The position of this process among all clients, and their number; undefined while it is not known. */
  readonly position: ClientPosition | undefined;
  /** Calls `listener` when one of them changes. Returns a function that removes it. */
  subscribe(listener: () => void): () => void;
}

/** A position from 0 to `clients` - 1. */
export interface ClientPosition {
  readonly index: number;
  readonly clients: number;
}
