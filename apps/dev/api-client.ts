import { randomUUID } from 'node:crypto';

export interface ApiAnswer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** Speaks to Ebb's API with a key, as a merchant's program would; POSTs bear an Idempotency-Key of their own. */
export class ApiClient {
  readonly #base: string;
  readonly #key: string;

  constructor(base: string, key: string) {
    this.#base = base;
    this.#key = key;
  }

  get<T>(path: string): Promise<ApiAnswer<T>> {
    return this.#call('GET', path);
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer<T>> {
    return this.#call('POST', path, body, { 'idempotency-key': randomUUID(), ...headers });
  }

  patch<T>(path: string, body: unknown): Promise<ApiAnswer<T>> {
    return this.#call('PATCH', path, body);
  }

  /** A GET whose answer must be 200. */
  async read<T>(path: string): Promise<T> {
    const answer = await this.get<T>(path);
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Every item of a list, page by page. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: T[]; next_cursor: string | null } = await this.read(
        `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      items.push(...page.items);
      cursor = page.next_cursor;
    }
    return items;
  }

  /** Reads until the object is as wanted. Throws when `within_ms` is over, with what it was at last. */
  async until<T>(path: string, wanted: (body: T) => boolean, within_ms = 60_000): Promise<T> {
    const end = performance.now() + within_ms;
    while (true) {
      const { status, body } = await this.get<T>(path);
      if (status === 200 && wanted(body)) return body;
      if (performance.now() > end) throw new Error(`${path} is still ${JSON.stringify(body)}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  async #call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer<T>> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
  }
}
