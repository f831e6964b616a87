import { sql } from 'kysely';
import { getAgent } from '#libs/accounts/agents';
import type { Caller } from '#libs/accounts/find-caller';
import type { Chain } from '#libs/chain/chain';
import type { Database, Tx } from '#libs/db/database';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import type { Ids } from '#libs/ids/ids';
import { writeEvent } from '#libs/outbox/write-event';
import { refuse } from '#libs/problems/refusal';
import { judgeSupported, metadataOf, priceOf } from './judge.ts';
import { type FeeSeen, judgeFee, lookForFee } from './judge-mints.ts';
import { alsoAccepted } from './preview.ts';
import { linkById } from './read.ts';
import type { NewLink } from './request.ts';
import { storeTemplate } from './template.ts';
import { type LinkUrls, type LinkView, linkView } from './view.ts';

export interface LinkDeps {
  db: Database;
  ids: Ids;
  urls: LinkUrls;
  chains: ReadonlyMap<string, Chain>;
}

/** How long a slug that someone else gave up stays theirs, so that an old URL does not pay a stranger. */
const SLUG_REST_DAYS = 90;

/** Creates a payment link, once per Idempotency-Key. Answers 201; throws `Refusal`, then nothing was written. */
export async function createLink(deps: LinkDeps, caller: Caller, ask: Ask<NewLink>): Promise<Answer<LinkView>> {
  const fee = await lookForFee(deps.chains.get(caller.network), caller.network, ask.body);
  return deps.db.tx('api.link.create', tx =>
    once(tx, caller.accountId, ask, async () => ({ status: 201, body: await create(tx, deps, caller, ask, fee) })),
  );
}

async function create(tx: Tx, deps: LinkDeps, caller: Caller, ask: Ask<NewLink>, fee: FeeSeen | null): Promise<LinkView> {
  const wanted = ask.body;
  judgeSupported(wanted);
  judgeFee(fee);
  const { amount, asset } = priceOf(caller.network, wanted);
  const agent = await getAgent(tx, { accountId: caller.accountId, network: caller.network, mint: wanted.owner_agent });
  if (agent === null)
    return refuse('agent_not_found', { detail: 'Register owner_agent with POST /v1/agents before linking to it.' });
  const slug = wanted.id ?? deps.ids.bare();
  await refuseResting(tx, caller, slug);
  const id = deps.ids.next('link');
  const written = await tx
    .insertInto('payment_links')
    .values({
      id,
      slug,
      account_id: caller.accountId,
      agent_id: agent.id,
      network: caller.network,
      label: wanted.label,
      description: wanted.description ?? null,
      method: wanted.method,
      price: wanted.price.trim(),
      amount: amount.toString(),
      currency: asset.currency,
      accepts_currencies: alsoAccepted(asset.currency, wanted.accepts_currencies),
      protocol: wanted.protocol,
      response: JSON.stringify(storeTemplate(wanted.response)),
      webhook_url: wanted.webhook_url ?? null,
      wrap_receipt: wanted.wrap_receipt,
      metadata: JSON.stringify(metadataOf(wanted)),
      delivery: JSON.stringify(wanted.delivery),
    })
    .onConflict(conflict => conflict.columns(['network', 'slug']).where('deleted_at', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst();
  if (written === undefined) refuse('slug_taken');
  await tx.insertInto('link_counters').values({ link_id: id }).execute();

  const link = await linkById(tx, id);
  if (link === null) throw new Error(`link ${id} was not written`);
  const view = linkView(link, deps.urls);
  await writeEvent(tx, deps.ids, {
    kind: 'payment_link.created',
    network: caller.network,
    accountId: caller.accountId,
    agent: agent.mint,
    actor: { type: 'api_key', id: caller.keyId },
    object: { type: 'payment_link', id },
    related: { payment_link_id: slug },
    clientReference: wanted.client_reference ?? ask.clientReference,
    amount,
    asset: asset.mint,
    data: view,
  });
  return view;
}

async function refuseResting(tx: Tx, caller: Caller, slug: string): Promise<void> {
  const resting = await tx
    .selectFrom('payment_links')
    .select('id')
    .where('network', '=', caller.network)
    .where('slug', '=', slug)
    .where('account_id', '<>', caller.accountId)
    .where('deleted_at', '>', sql<Date>`now() - ${SLUG_REST_DAYS} * interval '1 day'`)
    .executeTakeFirst();
  if (resting !== undefined) refuse('slug_taken');
}
