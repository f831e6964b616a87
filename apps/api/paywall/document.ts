import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiQuery, ApiResponse } from '@nestjs/swagger';
import type { ProblemCode } from '#libs/problems/catalogue';
import { Also, refusalResponses } from '../http/answers.ts';
import { PaymentRequired, SettlementPending } from './schemas.ts';

const REFUSALS: readonly ProblemCode[] = [
  'invalid_request',
  'not_found',
  'wrong_network',
  'method_not_allowed',
  'payment_proof_reused',
  'settlement_in_progress',
  'answer_not_kept',
  'payment_refunded',
  'gone',
  'body_too_large',
  'uri_too_long',
  'internal',
  'database_unavailable',
  'network_not_configured',
  'chain_unavailable',
  'facilitator_unavailable',
  'treasury_opening',
];

/** A paid link takes any body and answers to browsers from anywhere. */
export const Public = () => RouteConfig({ raw: true, cors: true });

/** What any call of a paid link may be answered. */
export const PaidCall = () =>
  applyDecorators(
    Public(),
    ApiQuery({ name: 'network', required: false, enum: ['solana-mainnet', 'solana-devnet', 'mainnet', 'devnet'] }),
    ApiHeader({ name: 'PAYMENT-SIGNATURE', required: false, description: 'x402 v2: the payment, base64 JSON.' }),
    ApiHeader({ name: 'X-PAYMENT', required: false, description: 'x402 v1: the payment, base64 JSON.' }),
    ApiResponse({
      status: 'default',
      description: 'Paid: the link’s own answer, with its own status and type.',
      content: { '*/*': {} },
    }),
    Also(202, 'Handed in, outcome unknown: do not pay again.', SettlementPending),
    Also(402, 'How to pay. The same is in the header PAYMENT-REQUIRED, base64.', PaymentRequired),
    ...refusalResponses(REFUSALS),
  );
