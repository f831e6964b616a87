import { address, createSignableMessage, generateKeyPairSigner, verifySignature } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import { beforeAll, expect, test } from 'vitest';
import { ASSETS } from '#libs/money/assets';
import { Refusal } from '#libs/problems/refusal';
import { sealer } from '#libs/secrets/sealer';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { agentView } from './agent-view.ts';
import { getAgent, listAgents, treasuryById } from './agents.ts';
import { assetSignerPda } from './asset-signer.ts';
import { type AgentDeps, createAgent, ensureAgent, type NewAgent } from './create-agent.ts';
import { ensureAccount } from './ensure-account.ts';
import { openSigner } from './treasury-keys.ts';

const database = useDatabase({ max: 16 });
const box = sealer(Buffer.alloc(32, 7).toString('base64'));
const pace = {
  activity_ms: 1,
  poll_ms: 2,
  resend_ms: 3,
  backoff_ms: 4,
  backoff_max_ms: 5,
  heartbeat_ms: 6,
  overdue_ms: 60_000,
} satisfies AgentDeps['pace'];
const deps: AgentDeps = { ids, sealer: box, pace };
let accountId: string;
let otherAccountId: string;

beforeAll(async () => {
  accountId = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, 'agents'));
  otherAccountId = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, 'others'));
});

const newMint = async () => (await generateKeyPairSigner()).address;
const wantedOf = async (over: Partial<NewAgent> = {}): Promise<NewAgent> => ({
  accountId,
  network: 'solana-devnet',
  mint: await newMint(),
  label: 'An agent',
  treasury: { kind: 'managed' },
  actor: { type: 'api_key', id: 'key_1' },
  ...over,
});
const create = (wanted: NewAgent) => database.db.tx('api.agent.create', tx => createAgent(tx, deps, wanted));
const ensure = (wanted: NewAgent) => database.db.tx('api.link.create', tx => ensureAgent(tx, deps, wanted));

test('the Asset Signer PDA of the vector', async () => {
  expect(await assetSignerPda(address('BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp'))).toBe(
    '2xuaKD9YSVuSf1my8H2agaZdih6fYxf8ZBpycMsViDks',
  );
});

test('a managed agent has the associated accounts of its network’s three assets, none of them open', async () => {
  const agent = await create(await wantedOf({ network: 'solana-mainnet' }));
  const expected = await Promise.all(
    ASSETS.filter(asset => asset.network === 'solana-mainnet').map(async ({ mint, tokenProgram }) => {
      const [tokenAccount] = await findAssociatedTokenPda({ owner: agent.treasury.owner, mint, tokenProgram });
      return { mint, tokenProgram, tokenAccount, openedAt: null };
    }),
  );
  expect(agent.treasury.accounts).toHaveLength(3);
  expect(agent.treasury.accounts).toEqual(expect.arrayContaining(expected));
  expect(await treasuryById(database.db.read, agent.treasury.id)).toEqual({
    ...agent.treasury,
    accountId,
    network: 'solana-mainnet',
  });
});

test('its key lies sealed in the database, opens with the master key only, and signs for its address', async () => {
  const agent = await create(await wantedOf());
  const signer = await openSigner(database.db.read, box, agent.treasury.id);
  expect(signer.address).toBe(agent.treasury.owner);
  const message = createSignableMessage('to be signed');
  const [signatures] = await signer.signMessages([message]);
  const signature = signatures?.[signer.address];
  expect(signature && (await verifySignature(signer.keyPair.publicKey, signature, message.content))).toBe(true);

  const stranger = sealer(Buffer.alloc(32, 8).toString('base64'));
  await expect(openSigner(database.db.read, stranger, agent.treasury.id)).rejects.toThrow();
});

test('a treasury that was given another’s sealed key signs nothing', async () => {
  const one = await create(await wantedOf());
  const two = await create(await wantedOf());
  const { sealed_key } = await database.db.read
    .selectFrom('treasuries')
    .select('sealed_key')
    .where('id', '=', two.treasury.id)
    .executeTakeFirstOrThrow();
  await database.db.read.updateTable('treasuries').set({ sealed_key }).where('id', '=', one.treasury.id).execute();
  await expect(openSigner(database.db.read, box, one.treasury.id)).rejects.toThrow('not its owner');
});

test('opening its accounts is promised in the same transaction, with the pace, and it is told once', async () => {
  const wanted = await wantedOf({ clientReference: 'ref 1' });
  const agent = await create(wanted);
  const line = await database.db.read
    .selectFrom('outbox')
    .selectAll()
    .where('workflow_id', '=', `treasury:${agent.treasury.id}`)
    .executeTakeFirstOrThrow();
  expect(line).toMatchObject({ kind: 'start', workflow_type: 'openTreasury', account_id: accountId });
  expect(line.input).toEqual({ treasuryId: agent.treasury.id, network: 'solana-devnet', pace });
  const row = await database.db.read
    .selectFrom('treasuries')
    .selectAll()
    .where('id', '=', agent.treasury.id)
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ carrier: `treasury:${agent.treasury.id}`, kind: 'managed' });
  expect(row.next_due_at?.getTime()).toBe(row.created_at.getTime() + pace.overdue_ms);
  const events = await database.db.read.selectFrom('events').selectAll().where('object_id', '=', agent.id).execute();
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ kind: 'agent.registered', agent: wanted.mint, client_reference: 'ref 1', actor_id: 'key_1' });
  expect(events[0]?.data).toEqual(agentView(agent));
});

test('a mint is registered once per account, also when many ask at once', async () => {
  const wanted = await wantedOf();
  const race = await Promise.allSettled(Array.from({ length: 12 }, () => create(wanted)));
  expect(race.filter(one => one.status === 'fulfilled')).toHaveLength(1);
  for (const one of race) {
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ name: Refusal.name, code: 'agent_already_registered' });
  }
  const lines = await database.db.read
    .selectFrom('outbox')
    .select('id')
    .where('search', '@>', JSON.stringify({ AgentMint: wanted.mint }))
    .execute();
  expect(lines).toHaveLength(1);
});

test('a link’s unknown mint becomes a self agent once: its PDA is paid, and we hold no key', async () => {
  const wanted = await wantedOf();
  const made = await Promise.all(Array.from({ length: 12 }, () => ensure(wanted)));
  expect(new Set(made.map(agent => agent.id)).size).toBe(1);
  const [agent] = made;
  expect(agent?.treasury.kind).toBe('self');
  expect(agent?.treasury.owner).toBe(await assetSignerPda(address(wanted.mint)));
  expect(agent?.treasury.accounts).toHaveLength(3);
  await expect(openSigner(database.db.read, box, agent?.treasury.id ?? '')).rejects.toThrow('signs for itself');
  await expect(openSigner(database.db.read, box, 'try_none')).rejects.toThrow('no treasury');
});

test('a link for a registered mint takes the agent there is', async () => {
  const agent = await create(await wantedOf());
  expect(await ensure(await wantedOf({ mint: agent.mint, label: 'other' }))).toEqual(agent);
});

test('I8: two accounts may have one mint, and see nothing of each other', async () => {
  const wanted = await wantedOf({ treasury: { kind: 'self' } });
  const ours = await create(wanted);
  const theirs = await create({ ...wanted, accountId: otherAccountId, label: 'Theirs' });
  expect(theirs.id).not.toBe(ours.id);
  expect(theirs.treasury.id).not.toBe(ours.treasury.id);
  expect(theirs.treasury.owner).toBe(ours.treasury.owner);
  const at = { network: wanted.network, mint: wanted.mint };
  expect((await getAgent(database.db.read, { ...at, accountId }))?.label).toBe('An agent');
  expect((await getAgent(database.db.read, { ...at, accountId: otherAccountId }))?.label).toBe('Theirs');
  expect(await getAgent(database.db.read, { ...at, accountId, network: 'solana-mainnet' })).toBeNull();
  const only = await create(await wantedOf());
  expect(await getAgent(database.db.read, { accountId: otherAccountId, network: only.network, mint: only.mint })).toBeNull();
});

test('a mint that is no address is a defect of the caller, and leaves nothing', async () => {
  const wanted = await wantedOf({ mint: 'not an address', label: 'nothing' });
  await expect(create(wanted)).rejects.toThrow();
  expect(await database.db.read.selectFrom('agents').select('id').where('label', '=', 'nothing').execute()).toEqual([]);
});

test('pages of agents, newest first, neither skip nor repeat', async () => {
  const account = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, 'pages'));
  // In one transaction: all with the same time, so that only the id tells them apart.
  const made = await database.db.tx('api.agent.create', async tx => {
    const agents = [];
    for (let i = 0; i < 7; i++) agents.push(await createAgent(tx, deps, await wantedOf({ accountId: account })));
    return agents;
  });
  const seen: string[] = [];
  for (let before: string | undefined; ; before = seen.at(-1)) {
    const page = await listAgents(database.db.read, {
      accountId: account,
      network: 'solana-devnet',
      limit: 3,
      ...(before !== undefined && { before }),
    });
    seen.push(...page.map(agent => agent.id));
    if (page.length < 3) break;
  }
  expect(seen).toEqual(made.map(agent => agent.id).reverse());
});

test('the wire form names assets by symbol and says when all is open', async () => {
  const agent = await create(await wantedOf());
  const view = agentView(agent);
  expect(view).toMatchObject({ mint: agent.mint, network: 'solana-devnet', pay_to: agent.treasury.owner, label: 'An agent' });
  expect(view.treasury.status).toBe('opening');
  expect(view.treasury.accounts.map(account => account.currency).sort()).toEqual(['USDC', 'USDG', 'USDT']);
  const opened_at = new Date('2026-11-03T00:00:00.000Z');
  await database.db.read
    .updateTable('treasury_accounts')
    .set({ opened_at })
    .where('treasury_id', '=', agent.treasury.id)
    .execute();
  const again = await getAgent(database.db.read, agent);
  expect(again && agentView(again).treasury).toMatchObject({ status: 'open' });
  expect(again?.treasury.accounts.map(account => account.openedAt)).toEqual([opened_at, opened_at, opened_at]);
});
