import { ensureAccount } from '#libs/accounts/ensure-account';
import { mintKey } from '#libs/accounts/mint-key';
import type { Config } from '#libs/config/config';
import { openDatabase } from '#libs/db/database';
import { ulidIds } from '#libs/ids/ids';
import { openSteps } from '#libs/steps/steps';
import type { MintCommand } from './arguments.ts';

/** Makes the key and returns what to print: one line of JSON, or the same for people. */
export async function mintKeyCommand(config: Config, url: string, command: MintCommand): Promise<string> {
  const db = openDatabase(url, { max: 1, steps: openSteps(config) });
  const ids = ulidIds();
  try {
    const minted = await db.tx('cli.key.mint', async tx => {
      const accountId = await ensureAccount(tx, ids, command.account);
      const { id, key } = await mintKey(tx, ids, {
        accountId,
        network: command.network,
        label: command.label,
        scopes: command.scopes,
      });
      return { key, key_id: id, account_id: accountId };
    });
    if (command.json) return `${JSON.stringify(minted)}\n`;
    return `key         ${minted.key}\nkey id      ${minted.key_id}\naccount id  ${minted.account_id}\n`;
  } finally {
    await db.close();
  }
}
