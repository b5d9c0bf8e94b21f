/** The answer of `GET /invoices/ORDER` of billing. */
export interface Invoice {
  readonly order: string;
  readonly total: number;
  /** The instance that made it. */
  readonly by: string;
}
