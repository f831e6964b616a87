import { afterAll, beforeAll, inject } from 'vitest';
import { type Database, openDatabase } from '#libs/db/database';
import { type ScratchDatabase, scratchDatabase } from '#libs/db/scratch';
import { quietSteps } from '#libs/steps/steps';

/** A test file's own database. Readable once the tests run, not while the file is being collected. */
export interface TestDatabase {
  readonly db: Database;
  readonly url: string;
}

/** Gives this test file a migrated database of its own on a real PostgreSQL, gone after the file. */
export function useDatabase(options: { max?: number } = {}): TestDatabase {
  let scratch: ScratchDatabase | undefined;
  let db: Database | undefined;
  beforeAll(async () => {
    scratch = await scratchDatabase(inject('databaseServer'), inject('databaseTemplate'));
    db = openDatabase(scratch.url, { max: options.max ?? 8, steps: quietSteps });
  });
  afterAll(async () => {
    await db?.close();
    await scratch?.drop();
  });
  return {
    get db() {
      if (!db) throw new Error('the database of a test file is there once its tests run');
      return db;
    },
    get url() {
      if (!scratch) throw new Error('the database of a test file is there once its tests run');
      return scratch.url;
    },
  };
}
