import { defineConfig } from 'vitest/config';

/** Without `source`, imports of `#libs/…` silently follow dist/. Node's own loader gets these too: `import` would break `require`. */
const conditions = ['source', 'node'];

/** A stack per file. A stack mostly waits: two cores carry two of them. */
const onStacks = {
  maxWorkers: 2,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  setupFiles: ['test/support/held-answers.ts'],
};

export default defineConfig({
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{apps,activities,libs,workflows}/**/*.test.ts', 'test/rules/**/*.test.ts'],
          globalSetup: ['test/support/postgres.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...onStacks } },
      { extends: true, test: { name: 'guarantees', include: ['test/guarantees/**/*.test.ts'], ...onStacks } },
      { extends: true, test: { name: 'model', include: ['test/model/**/*.test.ts'], ...onStacks, testTimeout: 900_000 } },
      { extends: true, test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...onStacks } },
    ],
  },
});
