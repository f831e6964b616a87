import { readConfig } from '#libs/config/config';
import { openParts } from '#libs/parts';
import { openTemporal } from '#workflows/client/connect';
import { settleAndWait } from '#workflows/client/start';
import { openApi } from './server.ts';

/** The HTTP API as a process. Says on standard output, in one JSON line, when and where it listens. */
const config = readConfig();
const parts = await openParts(config, 'api');
const temporal = openTemporal(config);
const api = await openApi({
  ...parts,
  settle: async (line, within_ms) => {
    const start = { ...line, search: { ...line.search }, priority: line.priority ?? 3 };
    await parts.steps('api.pay.start', () => settleAndWait(temporal.client, start, within_ms));
  },
});
const url = await api.listen(config.EBB_API_HOST, config.EBB_API_PORT);
process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);
parts.log.info({ url }, 'listening');

let closing = false;
const close = async (signal: NodeJS.Signals) => {
  if (closing) return;
  closing = true;
  parts.log.info({ signal }, 'closing');
  // Requests under way are answered first; only then does what they stand on go away.
  await api.close();
  await temporal.close();
  await parts.close();
  process.exit(0);
};
process.on('SIGTERM', close);
process.on('SIGINT', close);
