import { z } from 'zod';
import type { Chain } from '../chain/chain.ts';
import { changeMint, closeHolding, setFrozen, setLamports, setOwner } from '../chain/decrees.ts';
import { airdrop, mintTo } from '../chain/faucet.ts';
import type { Faults } from '../faults/faults.ts';
import { faultBody } from '../faults/schema.ts';
import { type Node, slotAt } from '../rpc/node.ts';

export type AdminContext = { chain: Chain; faults: Faults; main: Node; lagging: Node };
export type Route = (context: AdminContext, body: unknown) => unknown;

const atoms = z
  .string()
  .regex(/^[0-9]+$/)
  .transform(BigInt);
const jumpBody = z.strictObject({ slots: z.int().min(1).max(1_000_000), skipped: z.boolean().default(false) });
const airdropBody = z.strictObject({ address: z.string(), lamports: atoms });
const mintBody = z.strictObject({ owner: z.string(), mint: z.string(), amount_atomic: atoms });
const clockBody = z.strictObject({ offset_s: z.int() });
const accountBody = z
  .strictObject({ address: z.string(), frozen: z.boolean(), closed: z.literal(true), owner: z.string(), lamports: atoms })
  .partial({ frozen: true, closed: true, owner: true, lamports: true });
const mintChangeBody = z
  .strictObject({
    mint: z.string(),
    paused: z.boolean(),
    transfer_hook: z.string().nullable(),
    transfer_fee_basis_points: z.int().min(0).max(10_000),
    frozen_by_default: z.boolean(),
  })
  .partial({ paused: true, transfer_hook: true, transfer_fee_basis_points: true, frozen_by_default: true });
const clearBody = z.strictObject({ id: z.int().optional() });
const lagBody = z.strictObject({ slots: z.int().min(0).max(300) });

function status({ chain, faults, main, lagging }: AdminContext) {
  const slots = (node: Node) => ({
    processed: slotAt(node, 'processed'),
    confirmed: slotAt(node, 'confirmed'),
    finalized: slotAt(node, 'finalized'),
  });
  return {
    network: chain.options.network,
    mint_authority: chain.mintAuthority,
    mints: chain.mints,
    slots: slots(main),
    lagging_slots: slots(lagging),
    height: chain.slots.height(slotAt(main, 'processed')),
    transactions: chain.store.countTransactions(chain.heads.open),
    faults: faults.list(),
    met: Object.fromEntries(faults.met),
  };
}

/** What the admin endpoint can do, by method and path. */
export const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['GET /status', status],
  ['GET /faults', ({ faults }) => ({ faults: faults.list(), met: Object.fromEntries(faults.met) })],
  ['POST /fault', ({ faults }, body) => faults.add(faultBody.parse(body))],
  ['DELETE /faults', ({ faults }, body) => faults.clear(clearBody.parse(body).id)],
  [
    'POST /jump',
    (context, body) => {
      const { slots, skipped } = jumpBody.parse(body);
      context.chain.jump(slots, skipped);
      return status(context);
    },
  ],
  [
    'POST /lag',
    ({ lagging }, body) => {
      lagging.lag = lagBody.parse(body).slots;
      return { slots: lagging.lag };
    },
  ],
  ['POST /clock', ({ chain }, body) => chain.setClockOffset(clockBody.parse(body).offset_s)],
  [
    'POST /account',
    ({ chain }, body) => {
      const { address, frozen, closed, owner, lamports } = accountBody.parse(body);
      if (frozen !== undefined) setFrozen(chain, address, frozen);
      if (owner !== undefined) setOwner(chain, address, owner);
      if (closed) closeHolding(chain, address);
      if (lamports !== undefined) setLamports(chain, address, lamports);
    },
  ],
  [
    'POST /mint',
    ({ chain }, body) => {
      const { mint, ...change } = mintChangeBody.parse(body);
      changeMint(chain, mint, change);
    },
  ],
  [
    'POST /airdrop',
    ({ chain }, body) => {
      const { address, lamports } = airdropBody.parse(body);
      return { signature: airdrop(chain, address, lamports) };
    },
  ],
  [
    'POST /mint-to',
    async ({ chain }, body) => {
      const { owner, mint, amount_atomic } = mintBody.parse(body);
      return { signature: await mintTo(chain, owner, mint, amount_atomic) };
    },
  ],
]);
