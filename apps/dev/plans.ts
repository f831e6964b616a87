import { appPlan } from './app.ts';
import type { Keeper } from './kept.ts';
import type { Layout, Ports } from './layout.ts';
import type { PartPlan } from './part.ts';
import { isListening } from './ports.ts';
import { prepareCluster } from './postgres/cluster.ts';
import { postgresProgram } from './postgres/program.ts';
import { databaseUrl, postgresAnswers, postgresChild, sessionsStillEnding } from './postgres/server.ts';
import { resolveTemporal } from './temporal/resolve.ts';
import { temporalAnswers, temporalChild } from './temporal/server.ts';

/** What the parts of a stack stand on. */
export interface Ground {
  keeper: Keeper;
  layout: Layout;
  ports: Ports;
  progress: (part: string, text: string) => void;
}

/** The embedded server; `tell` gets its URL when the data directory, and so the password, is there. */
export function postgresPlan(ground: Ground, tell: (url: string) => void): PartPlan {
  const { layout, ports } = ground;
  const prepared = once(async () => {
    const program = await postgresProgram();
    const server = { directory: layout.postgres, port: ports.postgres, log: layout.log('postgres'), temporary: layout.temporary };
    const password = await prepareCluster(program, layout.postgres);
    tell(databaseUrl({ port: ports.postgres, password }));
    return { program, server: { ...server, password } };
  });
  return {
    async child() {
      const { program, server } = await prepared();
      await mustBeFree(ports.postgres);
      return postgresChild(program, server);
    },
    async ready(child, timeoutMs) {
      const { server } = await prepared();
      await postgresAnswers(databaseUrl(server), () => child.exit !== null, timeoutMs);
      return {};
    },
    retry: sessionsStillEnding,
  };
}

export interface TemporalOptions {
  cli: string | undefined;
  ui: boolean;
  onFile: boolean;
}

export function temporalPlan(ground: Ground, options: TemporalOptions): PartPlan {
  const { keeper, layout, ports } = ground;
  const program = once(() =>
    resolveTemporal(keeper, { given: options.cli, progress: text => ground.progress('temporal', text) }),
  );
  return {
    async child() {
      const file = options.onFile ? layout.temporalFile : null;
      const { path } = await program();
      await mustBeFree(ports.temporal);
      return temporalChild(path, {
        port: ports.temporal,
        uiPort: options.ui ? ports.temporalUi : null,
        file,
        log: layout.log('temporal'),
      });
    },
    async ready(child, timeoutMs) {
      await temporalAnswers(`127.0.0.1:${ports.temporal}`, () => child.exit !== null, timeoutMs);
      return {};
    },
  };
}

export function localnetPlan(ground: Ground, slotMs: number, env: Record<string, string>): PartPlan {
  const { layout, ports } = ground;
  const listen = ['--port', ports.localnet, '--admin-port', ports.localnetAdmin, '--lagging-port', ports.localnetLagging];
  const args = [...listen, '--slot-ms', slotMs, '--state', layout.localnetFile].map(String);
  return appPlan({
    program: 'apps/localnet/main.js',
    args,
    env,
    log: layout.log('localnet'),
    isReady: said => typeof said.rpc === 'string',
  });
}

/** Or the answer of a stranger on this port would pass for the part's own. */
async function mustBeFree(port: number): Promise<void> {
  if (await isListening(`127.0.0.1:${port}`)) throw new Error(`another program listens on port ${port}`);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
