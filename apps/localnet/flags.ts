import { parseArgs } from 'node:util';
import type { Network } from './chain/identity.ts';
import type { LocalnetOptions } from './localnet.ts';

const DEFAULT_SLOT_MS = 400;
const DEFAULT_LAG_SLOTS = 20;

/** Reads the command line; every flag has a default. Throws on a flag that makes no sense. */
export function readFlags(args: string[]): LocalnetOptions & { exitWithStdin: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '0' },
      'admin-port': { type: 'string', default: '0' },
      'lagging-port': { type: 'string', default: '0' },
      'lag-slots': { type: 'string', default: String(DEFAULT_LAG_SLOTS) },
      state: { type: 'string' },
      'slot-ms': { type: 'string', default: String(DEFAULT_SLOT_MS) },
      network: { type: 'string', default: 'devnet' },
      'mint-authority': { type: 'string' },
      'bare-usdg': { type: 'boolean', default: false },
      'exit-with-stdin': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { network } = values;
  if (network !== 'devnet' && network !== 'mainnet' && network !== 'both')
    throw new Error(`--network ${network}: devnet, mainnet or both`);
  const [instant, slotMs] = slotLength(values['slot-ms']);
  return {
    port: whole('--port', values.port),
    adminPort: whole('--admin-port', values['admin-port']),
    laggingPort: whole('--lagging-port', values['lagging-port']),
    lagSlots: whole('--lag-slots', values['lag-slots']),
    state: values.state ?? null,
    slotMs,
    instant,
    network: network as Network,
    mintAuthority: values['mint-authority'] ?? null,
    bareUsdg: values['bare-usdg'],
    exitWithStdin: values['exit-with-stdin'],
  };
}

/** `400`, `instant`, or `instant:50` for instant confirmation with a clock of 50 ms. */
function slotLength(text: string): [instant: boolean, slotMs: number] {
  const [first, second] = text.split(':');
  if (first !== 'instant') return [false, Math.max(2, whole('--slot-ms', text))];
  return [true, second === undefined ? DEFAULT_SLOT_MS : Math.max(2, whole('--slot-ms', second))];
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw new Error(`${flag} ${text}: a whole number`);
  return value;
}
