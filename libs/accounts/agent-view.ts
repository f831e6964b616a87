import { ASSETS } from '#libs/money/assets';
import type { Agent } from './agents.ts';

/** An agent's wire form, as routes answer it and events carry it. */
export interface AgentView {
  mint: string;
  network: string;
  label: string;
  pay_to: string;
  treasury: {
    id: string;
    kind: string;
    /** `open` when every token account can take money. */
    status: 'opening' | 'open';
    accounts: { currency: string; asset: string; token_program: string; token_account: string; opened_at: string | null }[];
  };
  created_at: string;
}

export function agentView(agent: Agent): AgentView {
  const { treasury } = agent;
  return {
    mint: agent.mint,
    network: agent.network,
    label: agent.label,
    pay_to: treasury.owner,
    treasury: {
      id: treasury.id,
      kind: treasury.kind,
      status: treasury.accounts.every(account => account.openedAt !== null) ? 'open' : 'opening',
      accounts: treasury.accounts.map(account => ({
        currency: ASSETS.find(asset => asset.network === agent.network && asset.mint === account.mint)?.currency ?? account.mint,
        asset: account.mint,
        token_program: account.tokenProgram,
        token_account: account.tokenAccount,
        opened_at: account.openedAt?.toISOString() ?? null,
      })),
    },
    created_at: agent.createdAt.toISOString(),
  };
}
