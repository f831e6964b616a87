import { randomBytes } from 'node:crypto';
import { addressOf } from './funds.ts';
import { newSecrets } from './secrets.ts';

/*
 * `node dist/apps/dev/new-secrets.js > .env`: what docker-compose.yml wants to be given. Keep the file: with another master
 * key, nothing that the database has sealed can be opened.
 */

const password = () => randomBytes(24).toString('base64url');
const secrets = newSecrets();
const lines = [
  `POSTGRES_PASSWORD=${password()}`,
  `TEMPORAL_DATABASE_PASSWORD=${password()}`,
  `# needs SOL: pays buyers' network fees from ${addressOf(secrets.EBB_SPONSOR_KEY)}`,
  `# needs SOL: pays refunds' network fees from ${addressOf(secrets.EBB_FEE_PAYER_KEY)}`,
  ...Object.entries(secrets).map(([name, value]) => `${name}=${value}`),
];
process.stdout.write(`${lines.join('\n')}\n`);
