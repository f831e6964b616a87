import { defineConfig } from 'vitest/config';

/** Without `source`, imports of `#libs/…` silently follow dist/. */
const conditions = ['source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{apps,activities,libs,workflows}/**/*.test.ts'],
          globalSetup: ['test/support/postgres.ts'],
        },
      },
    ],
  },
});
