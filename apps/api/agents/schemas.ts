import { z } from 'zod';
import {
  Address,
  AmountAtomic,
  ClientReference,
  Currency,
  ListQuery,
  listOf,
  Network,
  Time,
  TreasuryAccount,
} from '../http/wire.ts';

export const Agent = z
  .strictObject({
    mint: Address,
    network: Network,
    label: z.string(),
    pay_to: Address,
    treasury: z.strictObject({
      id: z.string(),
      kind: z.enum(['managed', 'delegated', 'self']),
      status: z.enum(['opening', 'open']).describe('`open` once every token account can take money'),
      accounts: z.array(TreasuryAccount),
    }),
    created_at: Time,
  })
  .meta({ id: 'Agent' });

export const AgentList = listOf(Agent, 'AgentList');

export const TreasuryBalances = z
  .strictObject({
    owner_agent: Address,
    network: Network,
    treasury_id: z.string(),
    slot: z.string().describe('The slot the chain was read at, confirmed'),
    balances: z.array(
      z.strictObject({
        currency: Currency,
        asset: Address,
        token_account: Address,
        on_chain_atomic: AmountAtomic,
        in_flight_atomic: AmountAtomic.describe('Signed for refunds, and not taken from `on_chain_atomic` yet'),
        reserved_atomic: AmountAtomic.describe('Promised to refunds, and not signed'),
        available_atomic: AmountAtomic.describe('On chain, less in flight and reserved; not below zero'),
        short_atomic: AmountAtomic.describe('What is missing for what is in flight and reserved'),
      }),
    ),
  })
  .meta({ id: 'TreasuryBalances' });

export const CreateAgent = z
  .strictObject({
    mint: Address,
    label: z.string().min(1).max(120),
    treasury: z.strictObject({
      kind: z.enum(['managed', 'delegated', 'self']),
      address: Address.optional(),
      refund_account: Address.optional(),
    }),
    client_reference: ClientReference.optional(),
  })
  .meta({ id: 'CreateAgent' });
export type CreateAgent = z.infer<typeof CreateAgent>;

export const AgentQuery = z.strictObject(ListQuery);
export type AgentQuery = z.infer<typeof AgentQuery>;
