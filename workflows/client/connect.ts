import { Client, Connection } from '@temporalio/client';
import { type Config, need } from '#libs/config/config';

/** How to reach Temporal, for clients and workers alike. */
export const temporalAddress = (config: Config) => ({
  address: need(config, 'TEMPORAL_ADDRESS'),
  ...(config.TEMPORAL_TLS || config.TEMPORAL_API_KEY ? { tls: true as const } : {}),
  ...(config.TEMPORAL_API_KEY ? { apiKey: config.TEMPORAL_API_KEY } : {}),
});

/** A client that connects at its first call and again after every loss; opening it asks nothing of the network. */
export function openTemporal(config: Config): { client: Client; close(): Promise<void> } {
  const connection = Connection.lazy(temporalAddress(config));
  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  return { client, close: () => connection.close() };
}
