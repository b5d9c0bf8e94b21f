/** Sends GET requests one after the other, and prints each answer. */
export async function showRequests(url: string, count: number): Promise<void> {
  console.log('');
  for (let i = 0; i < count; i++) console.log(`GET ${url} -> ${await get(url)}`);
  console.log('');
}

/** Returns the body of an answer, of any status. */
export async function get(url: string): Promise<string> {
  return await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
}
