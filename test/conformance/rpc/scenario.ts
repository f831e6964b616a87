import type { Exchange } from './asker.ts';
import { accounts } from './parts/accounts.ts';
import { delegates } from './parts/delegates.ts';
import { expiry } from './parts/expiry.ts';
import { history } from './parts/history.ts';
import { lookupTables } from './parts/lookup-tables.ts';
import { memos } from './parts/memos.ts';
import { network } from './parts/network.ts';
import { nonces } from './parts/nonce.ts';
import { payments } from './parts/payments.ts';
import { protocol } from './parts/protocol.ts';
import { refusals } from './parts/refusals.ts';
import { token2022 } from './parts/token-2022.ts';
import { openWorld, type Passage } from './world.ts';

const PARTS = [
  network,
  payments,
  accounts,
  refusals,
  delegates,
  token2022,
  lookupTables,
  nonces,
  memos,
  history,
  expiry,
  protocol,
];

/** Plays the whole scenario on a fresh ledger and returns every exchange that has a name. */
export async function play(url: string, passage: Passage): Promise<Exchange[]> {
  const world = await openWorld(url, passage);
  for (const part of PARTS) await part(world);
  return world.asker.log;
}
