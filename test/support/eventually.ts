/** Looks every 25 ms until there is something; throws when `within_ms` is over, with what it saw at last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  within_ms = 30_000,
): Promise<T> {
  const end = performance.now() + within_ms;
  while (true) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() > end) throw new Error(`waited ${within_ms} ms in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 25));
  }
}
