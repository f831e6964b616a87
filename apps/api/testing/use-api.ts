import { randomBytes } from 'node:crypto';
import { generateKeyPairSigner } from '@solana/kit';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll } from 'vitest';
import { ensureAccount } from '#libs/accounts/ensure-account';
import { mintKey } from '#libs/accounts/mint-key';
import { SCOPES, type Scope } from '#libs/accounts/scopes';
import { ChainUnavailable } from '#libs/chain/chain';
import { TestClock } from '#libs/clock/clock';
import { Settings } from '#libs/config/config';
import { paceOf } from '#libs/config/pace';
import type { Database } from '#libs/db/database';
import { ulidIds } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { derive } from '#libs/secrets/derive';
import { sealer } from '#libs/secrets/sealer';
import { quietSteps } from '#libs/steps/steps';
import { openLog } from '#libs/telemetry/log';
import { useDatabase } from '#test/support/database';
import { openApiDocument } from '../docs/reference.ts';
import type { ApiParts } from '../parts.ts';
import { type Api, openApi } from '../server.ts';
import { holdTo } from './document.ts';
import { noteAnswer } from './noted.ts';

export interface Asked {
  key?: string | null;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a text as it stands. */
  body?: unknown;
}

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of many shapes
  body: any;
}

export interface ApiUnderTest {
  readonly db: Database;
  readonly parts: ApiParts;
  readonly clock: TestClock;
  readonly api: Api;
  /** A key with every scope, of the account `merchant` on devnet. */
  readonly key: string;
  /** Mints another key. */
  mint(options?: { account?: string; network?: Network; scopes?: readonly Scope[]; expiresAt?: Date }): Promise<string>;
  ask(method: string, url: string, asked?: Asked): Promise<Answered>;
}

export const MASTER_KEY = randomBytes(32).toString('base64');

/** The API over a real database, injected into; chain, facilitator and Temporal are as the test sets them. */
export function useApi(settings: Record<string, string> = {}, over: Partial<ApiParts> = {}): ApiUnderTest {
  const database = useDatabase();
  const clock = new TestClock(new Date());
  const ids = ulidIds();
  let api: Api | undefined;
  let parts: ApiParts | undefined;
  let hold: ReturnType<typeof holdTo> | undefined;
  let key = '';

  const mint: ApiUnderTest['mint'] = ({ account = 'merchant', network = 'solana-devnet', scopes = SCOPES, expiresAt } = {}) =>
    database.db.tx('cli.key.mint', async tx => {
      const accountId = await ensureAccount(tx, ids, account);
      const minted = await mintKey(tx, ids, { accountId, network, label: account, scopes, ...(expiresAt ? { expiresAt } : {}) });
      return minted.key;
    });

  beforeAll(async () => {
    parts = await testParts(database.db, clock, settings, over);
    api = await openApi(parts);
    hold = holdTo(JSON.parse(JSON.stringify(openApiDocument(api.app))));
    key = await mint();
  });
  afterAll(() => api?.close());

  const standing = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the API is there once the tests run');
    return value;
  };
  return {
    clock,
    mint,
    get db() {
      return database.db;
    },
    get parts() {
      return standing(parts);
    },
    get api() {
      return standing(api);
    },
    get key() {
      return key;
    },
    async ask(method, url, asked = {}) {
      const answer = await ask(standing(api), method, url, { key, ...asked });
      const contentType = String(answer.headers['content-type'] ?? '');
      noteAnswer(answer.body, 'set');
      // Pages for people are not in the document, nor is the document.
      const wrong =
        /json/.test(contentType) && url !== '/openapi.json' ? standing(hold)({ method, url, contentType, ...answer }) : null;
      if (wrong !== null) throw new Error(`${wrong}: ${answer.text.slice(0, 1_000)}`);
      return answer;
    },
  };
}

async function testParts(
  db: Database,
  clock: TestClock,
  settings: Record<string, string>,
  over: Partial<ApiParts>,
): Promise<ApiParts> {
  const config = Settings.parse({ EBB_MASTER_KEY: MASTER_KEY, EBB_LOG_LEVEL: 'silent', ...settings });
  const unasked = {
    ask: () => Promise.reject(new ChainUnavailable('no chain here')),
    askAll: () => Promise.reject(new ChainUnavailable('no chain here')),
    askEach: () => Promise.reject(new ChainUnavailable('no chain here')),
  };
  return {
    config,
    pace: paceOf(config),
    log: openLog('api-test', 'silent'),
    clock,
    ids: ulidIds(),
    steps: quietSteps,
    db,
    chains: new Map([['solana-devnet', { network: 'solana-devnet', providers: 1, ...unasked }]]),
    facilitators: new Map(),
    sealer: sealer(MASTER_KEY),
    keys: {
      memo: derive(MASTER_KEY, 'memo'),
      proof: derive(MASTER_KEY, 'proof'),
      status: derive(MASTER_KEY, 'status'),
      cursor: derive(MASTER_KEY, 'cursor'),
    },
    feePayer: await generateKeyPairSigner(),
    workflowUrl: id => `http://temporal.test/${id}`,
    close: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    ...over,
  };
}

async function ask(api: Api, method: string, url: string, asked: Asked): Promise<Answered> {
  const json = asked.body !== undefined && typeof asked.body !== 'string';
  const headers = {
    ...(asked.key ? { authorization: `Bearer ${asked.key}` } : {}),
    ...(json ? { 'content-type': 'application/json' } : {}),
    ...asked.headers,
  };
  const payload = asked.body === undefined ? {} : { payload: json ? JSON.stringify(asked.body) : (asked.body as string) };
  const options: InjectOptions = { method: method as 'GET', url, headers, ...payload };
  const answer = await api.app.inject(options);
  const isJson = /json/.test(String(answer.headers['content-type'] ?? ''));
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.payload,
    body: isJson && answer.payload !== '' ? JSON.parse(answer.payload) : null,
  };
}
