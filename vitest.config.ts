import { defineConfig } from 'vitest/config';

/** Without `source`, imports of `#libs/…` silently follow dist/. Node's own loader gets these too: `import` would break `require`. */
const conditions = ['source', 'node'];

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
