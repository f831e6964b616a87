import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { migrate } from '#libs/db/migrate';
import { scratchDatabase } from '#libs/db/scratch';
import { schemaTypes } from './generate-types.ts';
import { projectRoot } from './project.ts';
import { startStack } from './stack.ts';

/*
 * Makes libs/db/generated/schema.ts from the migrations, or with --verify fails when it is not what they make. The
 * database is one of its own, in the server of DATABASE_URL or in an embedded one, so that a fresh machine can check.
 */
const { values } = parseArgs({ options: { verify: { type: 'boolean' } } });
const file = join(projectRoot, 'libs', 'db', 'generated', 'schema.ts');

const made = await typesOfMigrations();
const standing = readFileSync(file, 'utf8');
if (made === standing) process.stdout.write('the types of the database are up to date\n');
else if (values.verify) {
  process.stderr.write('libs/db/generated/schema.ts is not what the migrations make: run `npm run db:types`\n');
  process.exitCode = 1;
} else {
  writeFileSync(file, made);
  process.stdout.write('wrote libs/db/generated/schema.ts\n');
}

async function typesOfMigrations(): Promise<string> {
  const stack = await startStack({ parts: ['postgres'] });
  try {
    const database = await scratchDatabase(stack.urls.database);
    try {
      await migrate(database.url);
      return await schemaTypes(database.url);
    } finally {
      await database.drop();
    }
  } finally {
    await stack.stop();
  }
}
