export function picture(): string;

/** @throws Error when the page has no generated part */
export function withPicture(page: string): string;
