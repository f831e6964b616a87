import type { Ports } from './layout.ts';
import type { Secrets } from './secrets.ts';
import type { PartKind } from './stack-options.ts';

export interface SettingsSource {
  ports: Ports;
  secrets: Secrets;
  ui: boolean;
  given: Record<string, string>;
  env: Record<string, string>;
}

/** The settings of every part: the stack's own, under what somebody gave, under what this stack is asked for. */
export function stackSettings({ ports, secrets, ui, given, env }: SettingsSource): Record<string, string> {
  const local = (port: number) => `http://127.0.0.1:${port}`;
  return {
    TEMPORAL_ADDRESS: `127.0.0.1:${ports.temporal}`,
    ...(ui && !given.TEMPORAL_ADDRESS && { TEMPORAL_UI_URL: local(ports.temporalUi) }),
    SOLANA_DEVNET_RPC_URL: local(ports.localnet),
    EBB_FACILITATOR_DEVNET_URL: local(ports.facilitator),
    EBB_FACILITATOR_PORT: String(ports.facilitator),
    EBB_API_PORT: String(ports.api),
    EBB_PUBLIC_URL: local(ports.api),
    ...secrets,
    ...given,
    ...env,
  };
}

/** Keys that only one kind of process may hold, so that who takes over another cannot sign with them. */
export const keyHolders: Record<string, readonly PartKind[]> = {
  EBB_SPONSOR_KEY: ['facilitator'],
  EBB_FEE_PAYER_KEY: ['api', 'worker'],
  EBB_MASTER_KEY: ['api', 'relay', 'worker'],
};

/** What of the settings one part is given. */
export function settingsFor(part: PartKind, settings: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => keyHolders[name]?.includes(part) ?? true));
}
