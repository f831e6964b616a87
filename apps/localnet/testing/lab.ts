import { address, type Instruction, type KeyPairSigner } from '@solana/kit';
import { getTransferCheckedInstruction } from '@solana-program/token';
import { readFlags } from '../flags.ts';
import { type Localnet, startLocalnet } from '../localnet.ts';
import { type Built, type Lifetime, memo, signed, tokenAccount, wallet } from './wallets.ts';

/** JSON as `JSON.parse` types it: a test looks into it without saying beforehand what it is. */
export type Json = ReturnType<typeof JSON.parse>;
export type Reply = { status: number; body: { result?: Json; error?: { code: number; message: string; data?: unknown } } };

export const USDC = address('4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU');
export const USDG = address('4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7');

/** A localnet for one test: its clock stands still unless told otherwise, so that slots pass only by `jump`. */
export class Lab {
  readonly localnet: Localnet;
  readonly sponsor: KeyPairSigner;
  readonly buyer: KeyPairSigner;
  readonly treasury: KeyPairSigner;
  constructor(localnet: Localnet, [sponsor, buyer, treasury]: [KeyPairSigner, KeyPairSigner, KeyPairSigner]) {
    this.localnet = localnet;
    this.sponsor = sponsor;
    this.buyer = buyer;
    this.treasury = treasury;
  }

  /** A chain on which the buyer holds 10 USDC, the treasury an empty account, the sponsor 2 SOL; all of it finalized. */
  static async start(...flags: string[]): Promise<Lab> {
    const localnet = await startLocalnet(readFlags(['--slot-ms', '100000000', ...flags]));
    const lab = new Lab(localnet, [await wallet(31), await wallet(32), await wallet(33)]);
    await lab.admin('POST /airdrop', { address: lab.sponsor.address, lamports: '2000000000' });
    await lab.admin('POST /mint-to', { owner: lab.buyer.address, mint: USDC, amount_atomic: '10000000' });
    await lab.admin('POST /mint-to', { owner: lab.treasury.address, mint: USDC, amount_atomic: '0' });
    await lab.jump(40);
    return lab;
  }

  async call(method: string, ...params: unknown[]): Promise<Reply> {
    return ask(this.localnet.urls.rpc, method, ...params);
  }

  /** The result of a call; throws when it is an error. */
  async result(method: string, ...params: unknown[]): Promise<Json> {
    const { body } = await this.call(method, ...params);
    if (body.result === undefined) throw new Error(JSON.stringify(body.error));
    return body.result;
  }

  async admin(route: string, body?: unknown): Promise<Json> {
    const [method, path] = route.split(' ') as [string, string];
    const response = await fetch(this.localnet.urls.admin + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Json;
    if (!response.ok) throw new Error(String(answer.error));
    return answer;
  }

  jump(slots: number, skipped = false) {
    return this.admin('POST /jump', { slots, skipped });
  }

  lifetime = async (): Promise<Lifetime> => (await this.result('getLatestBlockhash', { commitment: 'confirmed' })).value;

  build = async (instructions: Instruction[], payer = this.sponsor): Promise<Built> =>
    signed(payer, await this.lifetime(), instructions);

  /** A payment from buyer to treasury, in atoms of USDC. */
  async payment(amount: bigint, text = 'ebb:test'): Promise<Built> {
    const [source, destination] = [await tokenAccount(this.buyer, USDC), await tokenAccount(this.treasury, USDC)];
    return this.build([
      memo(text),
      getTransferCheckedInstruction({ source, mint: USDC, destination, authority: this.buyer, amount, decimals: 6 }),
    ]);
  }

  send = (built: Built, options: Record<string, unknown> = { skipPreflight: true, maxRetries: 0 }) =>
    this.call('sendTransaction', built.wire, { encoding: 'base64', ...options });

  status = async (built: Built, options = {}) => (await this.result('getSignatureStatuses', [built.signature], options)).value[0];

  /** What the treasury holds at a commitment, in atoms. */
  async held(commitment: string): Promise<string> {
    return (await this.result('getTokenAccountBalance', await tokenAccount(this.treasury, USDC), { commitment })).value.amount;
  }

  close = () => this.localnet.close();
}

/** One JSON-RPC call. Throws when the connection breaks. */
export async function ask(url: string, method: string, ...params: unknown[]): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const text = await response.text();
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch {
    return { status: response.status, body: {} };
  }
}
