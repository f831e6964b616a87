/** One kind of refusal: its status and what it says to everyone, whatever the case at hand. */
export interface Problem {
  status: number;
  /** One line, the same for every occurrence (RFC 9457). */
  title: string;
  /** What the caller can do about it. */
  remedy: string;
}

const problem = (status: number, title: string, remedy: string): Problem => ({ status, title, remedy });

const requests = {
  invalid_request: problem(
    400,
    'The request is not well formed',
    'Correct the fields that `errors` points at and send it again.',
  ),
  idempotency_key_missing: problem(
    400,
    'An Idempotency-Key is needed',
    'Send an `Idempotency-Key` header of your own making, or an `external_id` in the body, so that a repeat cannot move money twice.',
  ),
  key_missing: problem(401, 'No API key was given', 'Send `Authorization: Bearer ebb_test_…` or `ebb_live_…`.'),
  key_invalid: problem(401, 'The API key is not valid', 'Check that the key was copied whole and has not been revoked.'),
  key_expired: problem(401, 'The API key has expired', 'Use a newer key of this account.'),
  key_wrong_network: problem(
    401,
    'The API key belongs to the other network',
    'Use an `ebb_test_` key for solana-devnet and an `ebb_live_` key for solana-mainnet.',
  ),
  scope_missing: problem(403, 'The API key lacks a scope', 'Use a key that has the scope named in `scope`.'),
  account_not_active: problem(403, 'The account is not active', 'Ask the operator of this service to activate the account.'),
  approver_is_requester: problem(
    403,
    'A refund needs another approver',
    'Approve it with a key other than the one that asked for it.',
  ),
  not_found: problem(404, 'There is nothing here', 'Check the path against the API reference.'),
  wrong_network: problem(404, 'This link is on the other network', 'Use the URL in `hint`.'),
  method_not_allowed: problem(405, 'This path does not take that method', 'Use one of the methods in the `Allow` header.'),
  gone: problem(410, 'This payment link is disabled', 'Ask its owner; nothing was charged.'),
  body_too_large: problem(413, 'The body is too large', 'Send less at once.'),
  uri_too_long: problem(414, 'The path is too long', 'Check the id in the path.'),
  media_type_unsupported: problem(
    415,
    'The body is of a type this route does not read',
    'Send `Content-Type: application/json`.',
  ),
  headers_too_large: problem(431, 'The headers are too large', 'Send fewer or shorter headers.'),
  rate_limited: problem(
    429,
    'Too many requests',
    'Wait as long as `Retry-After` says. Every answer to a key says in `RateLimit` what is left of the bucket it used (`reads` or `writes`) and in `RateLimit-Policy` how much there is in how many seconds. Each process of the API counts by itself, in memory.',
  ),
  internal: problem(
    500,
    'Something went wrong on our side',
    'Send it again with the same key; if it stays, report the `request_id`.',
  ),
  database_unavailable: problem(
    503,
    'The database cannot be reached',
    'Send it again with the same `Idempotency-Key`: if the first request was carried out, its answer comes back.',
  ),
  network_not_configured: problem(503, 'This network is not configured here', 'Use the other network, or ask the operator.'),
  chain_unavailable: problem(
    503,
    'The chain cannot be asked right now',
    'Send the same again in a few seconds; nothing was submitted and nothing was charged.',
  ),
  facilitator_unavailable: problem(
    503,
    'Payments cannot be offered right now',
    'Try again in a few seconds; nothing was charged.',
  ),
  not_ready: problem(503, 'The service is not ready', 'Look at `missing` for what it waits for.'),
} as const satisfies Record<string, Problem>;

const objects = {
  payment_not_found: problem(
    404,
    'There is no such payment',
    'Check the id, and that the key is of the account and network the payment was made on.',
  ),
  refund_not_found: problem(
    404,
    'There is no such refund',
    'Check the id, and that the key is of the account and network the refund was made on.',
  ),
  cashback_not_found: problem(404, 'There is no such cashback', 'Check the id and the key.'),
  agent_not_found: problem(404, 'There is no such agent', 'Register the agent with `POST /v1/agents` on this network first.'),
  payment_link_not_found: problem(
    404,
    'There is no such payment link',
    'Check the id, and that the key is of the account and network of the link.',
  ),
  treasury_not_found: problem(
    404,
    'This account has no platform treasury on this network',
    'Make one with `POST /v1/account/treasury`.',
  ),
  receipt_not_found: problem(404, 'There is no such receipt', 'Check the hash and the key.'),
  event_not_found: problem(404, 'There is no such event', 'Check the id and the key.'),
  webhook_not_found: problem(404, 'There is no such webhook endpoint', 'Check the id and the key.'),
  api_key_not_found: problem(404, 'There is no such API key', 'Check the id and the key.'),
  invoice_not_found: problem(404, 'There is no such invoice', 'Check the id and the key.'),
} as const satisfies Record<string, Problem>;

const conflicts = {
  idempotency_body_mismatch: problem(
    409,
    'This Idempotency-Key was used for another body',
    'Send the first body to get the first answer again, or a new key for a new request.',
  ),
  idempotency_in_flight: problem(
    409,
    'A request with this Idempotency-Key is still running',
    'Wait as long as `Retry-After` says and send the same again.',
  ),
  slug_taken: problem(409, 'This link id is taken', 'Choose another `id`, or leave it out.'),
  agent_already_registered: problem(409, 'This agent is already registered', 'Read it with `GET /v1/agents/{mint}`.'),
  code_used: problem(409, 'This one-time code was used', 'Ask for another code.'),
  payment_not_settled: problem(409, 'The payment is not settled', 'Wait until its status is `settled`, then refund it.'),
  payment_already_refunded: problem(409, 'The payment was refunded whole', 'Nothing is left to give back.'),
  external_id_conflict: problem(
    409,
    'This external_id was used for another refund of the payment',
    'Read that refund with `GET /v1/refunds?external_id=`, or use a new `external_id`.',
  ),
  balance_changed: problem(409, 'Something else was refunded meanwhile', 'Read the payment again and decide anew.'),
  refund_state_conflict: problem(
    409,
    'The refund is not in a state for that',
    'Read the refund: `waiting.actions` names what is possible.',
  ),
  refund_not_cancelable: problem(
    409,
    'The refund can no longer be canceled',
    'Its money is moving, or has moved; read the refund.',
  ),
  attempt_live: problem(
    409,
    'A signed transaction of this refund may still land',
    'Try again once it has landed or is proven dead.',
  ),
  refund_in_flight: problem(409, 'Another refund of this payment is in flight', 'Wait for it to end.'),
  cashback_already_granted: problem(
    409,
    'Cashback was already granted for this payment',
    'Read the payment for what was granted.',
  ),
  payment_proof_reused: problem(409, 'This payment proof was used', 'Ask for a new offer and pay it.'),
  settlement_in_progress: problem(
    409,
    'This payment is being settled',
    'Send the same proof again after `Retry-After`; do not pay again.',
  ),
  answer_not_kept: problem(
    409,
    'The answer was too large to be kept',
    'The payment stands; ask its recipient with the payment id.',
  ),
  payment_refunded: problem(
    409,
    'This payment was given back',
    'See the refund named in `refund_id`; to buy again, pay a new offer.',
  ),
} as const satisfies Record<string, Problem>;

const judgements = {
  unparseable_price: problem(
    422,
    'The price cannot be read',
    'Write it as `$0.10`, `0.10 USDC` or `0.10`, with at most the decimals the mint has.',
  ),
  price_currency_mismatch: problem(422, 'The price names another currency', 'Make the symbol in `price` and `currency` agree.'),
  price_not_positive: problem(422, 'The price is zero', 'Set a price above zero.'),
  price_too_large: problem(422, 'The price is too large', 'Set a price that fits 64 bits of atoms.'),
  treasury_kind_unsupported: problem(
    422,
    'This kind of treasury is not offered yet',
    'Register the agent with `{"kind": "managed"}`.',
  ),
  protocol_unsupported: problem(422, 'This payment protocol is not offered yet', 'Use `x402`.'),
  upstream_unsupported: problem(
    422,
    'Forwarding paid calls is not offered yet',
    'Leave `upstream_url` out and answer with `response`.',
  ),
  refund_exceeds_remaining: problem(
    422,
    'The refund exceeds what is left of the payment',
    'Ask for at most `refundable_atomic`, or leave the amount out to refund all that is left.',
  ),
  amount_not_positive: problem(422, 'The amount is zero', 'Ask for at least one atom.'),
  too_many_legs: problem(
    422,
    'The refund would take too many transfers',
    'Ask for at most `max_legs` times `max_leg_atomic` at once, and for the rest with another refund.',
  ),
  amount_too_small: problem(422, 'The amount is below what can be sent', 'Ask for more.'),
  fee_not_below_amount: problem(422, 'The fee is not below the amount', 'Lower the fee: the payer must receive something.'),
  refund_window_passed: problem(
    422,
    'The time for refunds of this payment has passed',
    'Change the account setting, or pay back by other means.',
  ),
  too_many_refunds: problem(
    422,
    'This payment has had too many refunds',
    'Change the account setting, or refund all that is left at once.',
  ),
  asset_unsupported: problem(
    422,
    'This asset is not supported',
    'Use USDC, USDT or USDG of this network; one whose issuer takes a fee from each transfer is refused while it does.',
  ),
  destination_is_token_account: problem(
    422,
    'The destination is a token account',
    'Name the wallet that owns it in `destination.owner`.',
  ),
  destination_off_curve: problem(422, 'The destination is not a wallet', 'Name an address that can sign.'),
  destination_frozen: problem(422, 'The destination is frozen', 'Name another destination, or ask the issuer of the asset.'),
  destination_proof_invalid: problem(
    422,
    'The proof of the destination does not hold',
    'Have the payer sign the redirect message again.',
  ),
  redirect_not_allowed: problem(
    422,
    'Money may only go back to the payer',
    'Leave `destination` out, bring the payer’s signature, or use a key with the scope `refunds:redirect`.',
  ),
  limit_per_refund: problem(
    422,
    'The amount is above what this key may refund at once',
    'Ask for less, or use a key with a higher limit.',
  ),
  limit_per_hour: problem(
    422,
    'The amount is above what this key may refund in an hour',
    'Wait, or use a key with a higher limit.',
  ),
  source_not_allowed: problem(422, 'This source of money cannot be used here', 'Use `source: "merchant"`.'),
  resolution_not_matching: problem(
    422,
    'That transaction does not resolve this refund',
    'Name the transaction that paid this refund.',
  ),
  no_cashback_rule: problem(422, 'The agent has no cashback rule', 'Set a rule, or name `basis_points`.'),
  cashback_zero: problem(422, 'The cashback would be zero', 'Nothing to do.'),
  treasury_opening: problem(503, 'The treasury is being opened', 'Try again in a few seconds; nothing was charged.'),
} as const satisfies Record<string, Problem>;

/** Every code a caller may meet, with its status. A code's page in the docs is made from this. */
export const PROBLEMS = { ...requests, ...objects, ...conflicts, ...judgements } as const;

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS).sort() as ProblemCode[];
