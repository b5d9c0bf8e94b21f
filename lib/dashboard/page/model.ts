import type {
  ApplicationRow,
  ElectionRow,
  EndpointRow,
  JournalRow,
  RegistrationRow,
  RegistryRow,
  Row,
  RowsMessage,
  ServiceRow,
} from '../rows.js';

/** A service with its endpoints. */
export interface ServiceView {
  readonly row: ServiceRow;
  readonly endpoints: readonly EndpointRow[];
}

/** The rows of the server, grouped. Unchanged rows stay the same objects. */
export class Model {
  private readonly rows = new Map<string, Row>();
  /** The server's clock minus the browser's, in milliseconds. */
  private skewMs = 0;
  /** Whether a message has arrived. */
  loaded = false;

  apply({ complete, now, rows, removed }: RowsMessage): void {
    if (complete) this.rows.clear();
    for (const key of removed) this.rows.delete(key);
    for (const [key, row] of Object.entries(rows)) this.rows.set(key, row);
    this.skewMs = now - Date.now();
    this.loaded = true;
  }

  /** The server's time in milliseconds since the Unix epoch. */
  get now(): number {
    return Date.now() + this.skewMs;
  }

  get application(): ApplicationRow | undefined {
    return this.of('application')[0];
  }

  get services(): readonly ServiceView[] {
    const endpoints = new Map<string, EndpointRow[]>();
    for (const row of this.of('endpoint')) {
      const list = endpoints.get(row.service);
      if (list) list.push(row);
      else endpoints.set(row.service, [row]);
    }
    return this.of('service')
      .sort((a, b) => compare(a.name, b.name))
      .map((row) => ({
        row,
        endpoints: (endpoints.get(row.name) ?? []).sort((a, b) => compare(a.id, b.id)),
      }));
  }

  get registrations(): readonly RegistrationRow[] {
    return this.of('registration').sort((a, b) => compare(a.key, b.key));
  }

  get elections(): readonly ElectionRow[] {
    return this.of('election').sort((a, b) => compare(a.name, b.name));
  }

  get registries(): readonly RegistryRow[] {
    return this.of('registry');
  }

  /** Newest first. */
  get journal(): readonly { readonly key: string; readonly line: JournalRow }[] {
    const lines = [...this.rows].flatMap(([key, row]) =>
      row.kind === 'journal' ? [{ key, line: row }] : [],
    );
    return lines.sort((a, b) => numberOf(b.key) - numberOf(a.key));
  }

  private of<K extends Row['kind']>(kind: K): Extract<Row, { kind: K }>[] {
    return [...this.rows.values()].filter((row): row is Extract<Row, { kind: K }> => row.kind === kind);
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}
