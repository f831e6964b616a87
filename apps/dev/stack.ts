import { rmSync } from 'node:fs';
import { givenSettings } from '#libs/config/given';
import { appChild, appPlan } from './app.ts';
import { lockFile } from './file-lock.ts';
import { fundFeePayers } from './funds.ts';
import { Keeper } from './kept.ts';
import { type Layout, layOut, type Ports, portsFor } from './layout.ts';
import { isOwnProgram, type Step, stepsOf, takeSteps } from './order.ts';
import { lastLines, Part, type PartPlan } from './part.ts';
import { type Ground, localnetPlan, postgresPlan, temporalPlan } from './plans.ts';
import { freePort } from './ports.ts';
import { keptSecrets, type Secrets } from './secrets.ts';
import { settingsFor, stackSettings } from './settings.ts';
import { kindOf, type PartName, type StackOptions } from './stack-options.ts';

/**
 * Starts the parts of Ebb as child processes, each as soon as what it needs is usable. They end with this process, however
 * it ends. Throws, with the end of the log of the part at fault, after everything that was started has ended again.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const layout = layOut(options.dataDirectory);
  const disown = await lockFile(layout.ownerFile, 0);
  if (!disown) throw new Error(`another stack runs on ${layout.directory}`);
  const keeper = new Keeper();
  if (layout.temporary) keeper.removeAtEnd(layout.directory);
  const giveUp = () => void keeper.end();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  try {
    options.signal?.throwIfAborted();
    // The last owner may have been killed a moment ago, while its keeper is still ending its parts.
    if (!(await keeper.hold(layout.lockFile, 30_000))) throw new Error(`parts of another stack run on ${layout.directory}`);
    const given = { ...(options.given ?? givenSettings()) };
    const ports = await portsFor(layout, wantedPorts(given));
    const stack = new Stack({ keeper, layout, ports, given, disown, secrets: keptSecrets(layout.secretsFile) }, options);
    await stack.up();
    return stack;
  } catch (error) {
    await keeper.end();
    disown();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
}

function wantedPorts(given: Record<string, string>): Partial<Ports> {
  return {
    ...(given.EBB_API_PORT && { api: Number(given.EBB_API_PORT) }),
    ...(given.EBB_FACILITATOR_PORT && { facilitator: Number(given.EBB_FACILITATOR_PORT) }),
  };
}

interface Base {
  keeper: Keeper;
  layout: Layout;
  ports: Ports;
  secrets: Secrets;
  given: Record<string, string>;
  /** Says that nobody owns the data directory any more. */
  disown: () => void;
}

/** A running Ebb. Ports, data and keys of a part stay the same when it is killed and started again. */
export class Stack {
  /** Every setting of every part; `partEnv` and what a single start adds come on top. */
  readonly env: Record<string, string>;
  readonly directory: string;
  readonly secrets: Secrets;
  /** How long each step of the start took, in milliseconds; `total` among them. */
  readonly timings: Record<string, number> = {};
  readonly #base: Base;
  readonly #options: StackOptions;
  readonly #parts = new Map<string, Part>();

  constructor(base: Base, options: StackOptions) {
    const { layout, secrets, ports, given } = base;
    this.#base = base;
    this.#options = options;
    this.directory = layout.directory;
    this.secrets = secrets;
    this.env = stackSettings({ ports, secrets, ui: options.ui ?? false, given, env: options.env ?? {} });
  }

  /** Where to reach what. `temporalUi` is null without a UI; `localnetAdmin` and `laggingRpc` are the local chain's own. */
  get urls() {
    const { env } = this;
    return {
      api: env.EBB_PUBLIC_URL ?? '',
      facilitator: env.EBB_FACILITATOR_DEVNET_URL ?? '',
      rpc: env.SOLANA_DEVNET_RPC_URL?.split(',')[0] ?? '',
      localnetAdmin: `http://127.0.0.1:${this.#base.ports.localnetAdmin}`,
      laggingRpc: `http://127.0.0.1:${this.#base.ports.localnetLagging}`,
      temporal: env.TEMPORAL_ADDRESS ?? '',
      temporalUi: env.TEMPORAL_UI_URL ?? null,
      database: env.DATABASE_URL ?? '',
    };
  }

  get parts(): Part[] {
    return [...this.#parts.values()];
  }

  part(name: PartName): Part {
    const part = this.#parts.get(name);
    if (!part) throw new Error(`this stack has no ${name}: it has ${[...this.#parts.keys()].join(', ')}`);
    return part;
  }

  /** Starts one more of a kind, such as `worker-2`; `env` is its own, at every start of it. */
  async add(name: PartName, env: Record<string, string> = {}): Promise<Part> {
    const part = await this.#make(name, env);
    await part.start();
    return part;
  }

  /** Runs one of Ebb's programs to its end; resolves to the lines it wrote, rejects when it did not end well. */
  async run(program: string, args: string[], env: Record<string, string> = {}): Promise<string[]> {
    const log = this.#base.layout.log('commands');
    const child = await this.#base.keeper.run(appChild({ program, args, env: { ...this.env, ...env }, log }));
    const lines: string[] = [];
    child.onLine(line => lines.push(line));
    const exit = await child.exited;
    if (exit.code === 0) return lines;
    const said = [...lines, lastLines(log, 20)].join('\n');
    throw new Error(`${program} ${args.join(' ')} ended with ${exit.signal ?? `code ${exit.code}`}:\n${said}`);
  }

  /** For startStack only. */
  async up(): Promise<void> {
    const began = performance.now();
    await takeSteps(stepsOf(this.#options, this.#base.given), step => this.#take(step));
    this.timings.total = Math.round(performance.now() - began);
  }

  /**
   * Ends everything. A temporary stack is cut off, since nothing of it is kept; a lasting one is ended in good order: what
   * uses a part before the part.
   */
  async stop(): Promise<void> {
    const { keeper, layout, disown } = this.#base;
    const running = this.parts.filter(part => part.running);
    if (layout.temporary) {
      await Promise.all(running.filter(part => part.name !== 'postgres').map(part => part.kill('SIGKILL')));
    } else {
      await Promise.all(running.filter(part => isOwnProgram(part.name)).map(part => part.stop()));
      await Promise.all(running.filter(part => !isOwnProgram(part.name)).map(part => part.stop()));
    }
    await keeper.end();
    disown();
    if (layout.temporary) rmSync(this.directory, { recursive: true, force: true });
  }

  async #take(step: Step): Promise<void> {
    const began = performance.now();
    this.#options.progress?.({ part: step, state: 'starting' });
    if (step === 'migrate') await this.run('apps/cli/main.js', ['migrate']);
    else if (step === 'funds') await fundFeePayers(this.urls.rpc, this.secrets);
    else await (await this.#make(step, {})).start();
    const ms = Math.round(performance.now() - began);
    this.timings[step] = ms;
    this.#options.progress?.({ part: step, state: 'ready', ms });
  }

  async #make(name: PartName, env: Record<string, string>): Promise<Part> {
    if (this.#parts.has(name)) throw new Error(`this stack has a ${name} already`);
    const part = new Part(name, this.#base.layout.log(name), this.#base.keeper, await this.#plan(name, env));
    this.#parts.set(name, part);
    return part;
  }

  async #plan(name: PartName, env: Record<string, string>): Promise<PartPlan> {
    const { keeper, layout, ports } = this.#base;
    const progress = (part: string, text: string) => this.#options.progress?.({ part, state: 'note', text });
    const ground: Ground = { keeper, layout, ports, progress };
    const own = { ...this.#options.partEnv?.[name], ...env };
    const kind = kindOf(name);
    const { temporary } = layout;
    const { ui = false, temporalOnFile = !temporary, slotMs = temporary ? 50 : 400 } = this.#options;
    if (kind === 'postgres') return postgresPlan(ground, url => (this.env.DATABASE_URL = url));
    if (kind === 'temporal') return temporalPlan(ground, { cli: this.env.EBB_TEMPORAL_CLI, ui, onFile: temporalOnFile });
    if (kind === 'localnet') return localnetPlan(ground, slotMs, own);
    // A second API or facilitator cannot have the first one's port.
    const port = name === kind ? {} : { EBB_API_PORT: String(await freePort()), EBB_FACILITATOR_PORT: String(await freePort()) };
    const settings = { ...settingsFor(kind, this.env), ...port, ...own };
    return appPlan({ program: `apps/${kind}/main.js`, env: settings, log: layout.log(name) });
  }
}
