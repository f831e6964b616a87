import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { play } from './scenario.ts';
import type { Passage } from './world.ts';

// Records the scenario against any RPC with a faucet and a fresh ledger:
//   node dist/test/conformance/rpc/record.js RPC_URL OUT.json [ADMIN_URL]
// With the admin endpoint of a localnet, blockhashes expire by a jump of slots; without, by waiting a minute.
const [url, out, admin] = process.argv.slice(2);
if (!url || !out) throw new Error('usage: record RPC_URL OUT.json [ADMIN_URL]');

const waiting: Passage = {
  finalize: async () => {},
  expire: async (asker, { lifetime }) => {
    while ((await asker.call(null, 'isBlockhashValid', lifetime.blockhash, { commitment: 'processed' })).result.value)
      await sleep(1_000);
  },
};
const jump = async (slots: number): Promise<void> => {
  await fetch(`${admin}/jump`, { method: 'POST', body: JSON.stringify({ slots }) });
};
const jumping: Passage = { finalize: () => jump(40), expire: () => jump(160) };
const log = await play(url, admin ? jumping : waiting);
writeFileSync(out, `[\n${log.map(e => JSON.stringify(e)).join(',\n')}\n]\n`);
process.stdout.write(`${log.length} exchanges\n`);
