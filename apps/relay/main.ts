import { readConfig } from '#libs/config/config';
import { openParts } from '#libs/parts';
import { openTemporal } from '#workflows/client/connect';
import { Relay } from './relay.ts';

const config = readConfig();
const parts = await openParts(config, 'relay');
const temporal = openTemporal(config);
const relay = new Relay(parts, temporal.client);

const stop = (signal: NodeJS.Signals) => {
  parts.log.info({ signal }, 'stopping');
  relay.stop();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
await relay.run();
await temporal.close();
await parts.close();
process.exit(0);
