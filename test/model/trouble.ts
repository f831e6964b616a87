import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { Stack } from '#apps/dev/stack';
import { type Command, CRASHING, type Crashing } from './command.ts';
import { admin } from './readers.ts';
import { must, Violation } from './violation.ts';

const UP_WITHIN_MS = 60_000;
const FLOWS = `ExecutionStatus = 'Running' and WorkflowType in ('refundPayment', 'settlePayment', 'watchFinality', 'restartOverdue')`;

/** Kills, breaks and expires; everything it does to the stack it also ends. */
export class Trouble {
  crashes = 0;
  terminated = 0;
  readonly #stack: Stack;
  readonly #down = new Set<Crashing>();
  readonly #temporal: Connection;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#temporal = Connection.lazy({ address: stack.urls.temporal });
  }

  /** SIGKILL at some moment, and up again a moment later. */
  async crash({ part: name, after_ms, down_ms }: Extract<Command, { kind: 'crash' }>): Promise<string> {
    if (this.#down.has(name)) return `${name} is down already`;
    this.#down.add(name);
    const part = this.#stack.part(name);
    await sleep(after_ms);
    await part.kill();
    this.crashes++;
    await sleep(down_ms);
    const began = performance.now();
    while (!part.running) {
      try {
        await part.start();
      } catch (error) {
        // What it needs may be down as well.
        if (performance.now() - began > UP_WITHIN_MS) throw new Violation(`${name} does not start again: ${error}`);
        if (part.running) await part.kill();
        await sleep(200);
      }
    }
    this.#down.delete(name);
    return `${name} killed, up again after ${Math.round(performance.now() - began)} ms`;
  }

  async fault({ fault }: Extract<Command, { kind: 'fault' | 'vanish' }>): Promise<string> {
    await admin(this.#stack.urls.localnetAdmin, '/fault', fault);
    return JSON.stringify(fault);
  }

  /** Slots pass at once: what is signed and has not landed is dead then, or soon. */
  async expire({ after_ms, slots }: Extract<Command, { kind: 'expire' }>): Promise<string> {
    await sleep(after_ms);
    await admin(this.#stack.urls.localnetAdmin, '/jump', { slots });
    return `${slots} slots passed`;
  }

  /** Ends a running workflow from outside, as an operator's slip would. */
  async terminate({ pick }: Extract<Command, { kind: 'terminate' }>): Promise<string> {
    const client = new Client({ connection: this.#temporal });
    try {
      const running: { workflowId: string; runId: string }[] = [];
      for await (const one of client.workflow.list({ query: FLOWS, pageSize: 100 })) {
        running.push(one);
        if (running.length === 100) break;
      }
      const chosen = running[pick % Math.max(1, running.length)];
      if (!chosen) return 'nothing runs';
      await client.workflow.getHandle(chosen.workflowId, chosen.runId).terminate('a slip');
      this.terminated++;
      return `${chosen.workflowId} terminated`;
    } catch (error) {
      return `nothing terminated: ${error}`;
    }
  }

  /** A process ends only when it is killed. */
  mustRun(): void {
    for (const name of CRASHING) {
      const part = this.#stack.part(name);
      must(part.running || this.#down.has(name), () => `${name} ended by itself:\n${part.logs(20)}`);
    }
  }

  async clear(): Promise<void> {
    await admin(this.#stack.urls.localnetAdmin, '/faults', {}, 'DELETE');
  }

  close(): Promise<void> {
    return this.#temporal.close();
  }
}
