import type { TestProject } from 'vitest/node';
import { startStack } from '#apps/dev/stack';
import { migrate } from '#libs/db/migrate';
import { type ScratchDatabase, scratchDatabase } from '#libs/db/scratch';

declare module 'vitest' {
  interface ProvidedContext {
    /** A PostgreSQL in which tests may make databases. */
    databaseServer: string;
    /** A migrated, empty database there, to be copied: nobody connects to it. */
    databaseTemplate: string;
  }
}

let stack: Awaited<ReturnType<typeof startStack>> | undefined;
let template: ScratchDatabase | undefined;

/** Once per run: the server of DATABASE_URL, or an embedded one, with a migrated database to copy. */
export async function setup(project: TestProject): Promise<void> {
  stack = await startStack({ parts: ['postgres'] });
  template = await scratchDatabase(stack.urls.database);
  await migrate(template.url);
  project.provide('databaseServer', stack.urls.database);
  project.provide('databaseTemplate', template.name);
}

export async function teardown(): Promise<void> {
  await template?.drop();
  await stack?.stop();
}
