import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyPairSignerFromBytes } from '@solana/kit';
import { expect, test } from 'vitest';
import { addressOf } from './funds.ts';
import { keptSecrets } from './secrets.ts';

test('secrets are made once, for their owner’s eyes, and the keys are keys of Solana', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebb-secrets-'));
  try {
    const file = join(folder, 'secrets.json');
    const secrets = keptSecrets(file);
    expect(keptSecrets(file)).toEqual(secrets);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(secrets.EBB_SPONSOR_KEY).not.toBe(secrets.EBB_FEE_PAYER_KEY);

    const signer = await createKeyPairSignerFromBytes(Buffer.from(secrets.EBB_SPONSOR_KEY, 'base64'));
    expect(addressOf(secrets.EBB_SPONSOR_KEY)).toBe(signer.address);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
