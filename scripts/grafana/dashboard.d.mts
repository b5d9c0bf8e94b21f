/** See dashboard.mjs. */
export function dashboard(): unknown;
