/** The names of the services of this repository, in one place. */
export const SERVICES = { billing: 'billing', orders: 'orders' } as const;
