import { defineSearchAttributeKey, type SearchAttributeType } from '@temporalio/common';

/**
 * What a person can search workflows by (DESIGN.md section 6). Every server that carries Ebb's workflows must know these
 * names with these types: the development server is told at its start, the compose file's set-up registers them, and a test
 * holds both to this table. They are never encrypted, so they hold ids and states only.
 */
export const searchAttributes = {
  accountId: defineSearchAttributeKey('AccountId', 'KEYWORD'),
  agentMint: defineSearchAttributeKey('AgentMint', 'KEYWORD'),
  paymentId: defineSearchAttributeKey('PaymentId', 'KEYWORD'),
  /** A list, since one batch carries many refunds; the server takes 63 ids (2,048 bytes) and refuses more. */
  refundId: defineSearchAttributeKey('RefundId', 'KEYWORD_LIST'),
  flowStatus: defineSearchAttributeKey('FlowStatus', 'KEYWORD'),
  failureCode: defineSearchAttributeKey('FailureCode', 'KEYWORD'),
  asset: defineSearchAttributeKey('Asset', 'KEYWORD'),
  chainSignature: defineSearchAttributeKey('ChainSignature', 'KEYWORD'),
  /** A JavaScript number on the wire: leave it out above 2^53. */
  amountAtoms: defineSearchAttributeKey('AmountAtoms', 'INT'),
  needsAttention: defineSearchAttributeKey('NeedsAttention', 'BOOL'),
  settledAt: defineSearchAttributeKey('SettledAt', 'DATETIME'),
} as const satisfies Record<string, { name: string; type: SearchAttributeType }>;
