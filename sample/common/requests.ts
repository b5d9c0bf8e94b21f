import { until } from './until.js';

/** Sends GET requests one after the other, and prints each answer. */
export async function showRequests(url: string, count: number): Promise<void> {
  console.log('');
  for (let i = 0; i < count; i++) console.log(`GET ${url} -> ${await get(url)}`);
  console.log('');
}

/** Waits until answers have named this many instances as the next one: the others learn of a new one a moment after it is ready. */
export async function untilNamed(url: string, instances: number): Promise<void> {
  const named = new Set<string>();
  await until(`${url} to name ${instances} instances`, async () => {
    const [, next] = /"next":"([^"]+)"/.exec(await get(url)) ?? [];
    if (next !== undefined) named.add(next);
    return named.size >= instances;
  });
}

/** Returns the body of an answer, of any status. */
export async function get(url: string): Promise<string> {
  return await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
}
