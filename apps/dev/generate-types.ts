import { generate, getDialect } from 'kysely-codegen';

/** The Kysely types of a migrated database, as text. Its own table of migrations is left out: no code reads it. */
export async function schemaTypes(url: string): Promise<string> {
  const dialect = getDialect('postgres');
  const db = await dialect.introspector.connect({ connectionString: url, dialect });
  try {
    return await generate({
      db,
      dialect,
      excludePattern: 'migrations',
      outFile: null,
      // Amounts are text between the database and `Atoms`; the default would take JavaScript numbers, too.
      typeMapping: { numeric: 'ColumnType<string, string, string>' },
    });
  } finally {
    await db.destroy();
  }
}
