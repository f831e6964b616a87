import type { AddressInfo } from 'node:net';
import { readConfig } from '#libs/config/config';
import { openFacilitatorParts } from './parts.ts';
import { openServer } from './server.ts';

const config = readConfig();
const parts = await openFacilitatorParts(config);
const server = openServer(parts);
await server.listen({ host: config.EBB_FACILITATOR_HOST, port: config.EBB_FACILITATOR_PORT });
const { port } = server.server.address() as AddressInfo;
const url = `http://${config.EBB_FACILITATOR_HOST}:${port}`;
parts.log.info({ url, sponsor: parts.sponsor.address, networks: [...parts.chains.keys()] }, 'facilitator is up');
process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`);

const stop = async () => {
  await server.close();
  await parts.db.close();
  process.exit(0);
};
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
