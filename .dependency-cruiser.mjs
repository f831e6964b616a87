/** Who may import whom (docs/architecture.md). Each rule has a fixture that breaks it: test/fixtures/dependencies/<rule>. */

/** Lowest first: a lib imports its own layer and those below it. */
const LAYERS = [
  ['clock', 'config', 'ids', 'money', 'problems', 'states', 'steps', 'telemetry'],
  ['chain', 'db', 'pages', 'secrets'],
  ['idempotency', 'ledger', 'outbox'],
  ['accounts', 'breaks', 'funds', 'paywall', 'transfers'],
  ['links', 'receipts'],
  ['parts\\.ts'],
  ['payments', 'treasuries'],
  ['refunds'],
  ['watch'],
];
const libs = layers => `^libs/(${layers.flat().join('|')})(/|$)`;

/** Tests and what only they use may reach anywhere. */
const TESTING = '(\\.(test|fixture)\\.ts$|^apps/[^/]+/testing/|^test/)';
const production = path => ({ path, pathNot: TESTING });

const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

export default {
  forbidden: [
    rule(
      'no-circular',
      'A circle has no bottom to start reading from.',
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
    rule('no-dist', 'Source never imports what was built from it.', {}, { path: '^dist/' }),
    rule('no-unresolvable', 'An import that leads nowhere.', {}, { couldNotResolve: true }),
    rule('libs-import-nobody-above', 'The domain is usable without Temporal and without Nest.', production('^libs/'), {
      path: '^(apps|activities|workflows|test)/',
    }),
    ...LAYERS.slice(0, -1).map((_, at) =>
      rule(`libs-downward-${at + 1}`, 'Among themselves, libs import only downward.', production(libs([LAYERS[at]])), {
        path: libs(LAYERS.slice(at + 1)),
      }),
    ),
    rule(
      'workflows-are-pure',
      'Workflow code runs in a sandbox and is replayed: contracts and pure libs only.',
      production('^workflows/(?!client/)'),
      {
        pathNot: '^(workflows/(?!client/)|libs/(money|states)/|node_modules/@temporalio/(workflow|common)/)',
      },
    ),
    rule(
      'workflow-clients-know-contracts',
      'Who starts workflows knows their contracts, not their code.',
      production('^workflows/client/'),
      { path: '^(apps|activities)/|^workflows/(?!client/|contracts/)' },
    ),
    rule('activities-over-libs', 'Activities are thin: contracts and libs.', production('^activities/'), {
      path: '^apps/|^workflows/(?!contracts/)',
    }),
    rule('apps-know-contracts', 'Apps know the contracts of workflows, not their code.', production('^apps/'), {
      path: '^workflows/(?!client/|contracts/)',
    }),
    rule('apps-apart', 'Each app is a process of its own.', production('^apps/([^/]+)/'), {
      path: '^apps/',
      pathNot: '^apps/$1/',
    }),
    rule('nest-only-in-api', 'Nest lives in the API.', { pathNot: '^apps/api/' }, { path: 'node_modules/@nestjs/' }),
    rule(
      'localnet-alone',
      'The local chain knows nothing of Ebb: what it shows is no one’s wish.',
      production('^apps/localnet/'),
      { path: '^(libs/(?!config/|telemetry/)|activities/|workflows/)' },
    ),
    rule(
      'tests-stay-outside',
      'Production code never imports what is for tests.',
      production('^(apps|libs|activities|workflows)/'),
      {
        path: TESTING,
      },
    ),
    rule(
      'model-knows-only-sums',
      'The model judges Ebb by what anyone can see: with Ebb’s own code it would repeat its mistakes.',
      { path: '^test/model/' },
      { path: '^(libs|activities|workflows)/|^apps/(?!dev/)' },
    ),
    rule(
      'no-dev-dependencies',
      'What runs in production is installed in production.',
      { path: '^(apps|libs|activities|workflows)/', pathNot: `${TESTING}|^apps/dev/` },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^test/fixtures/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
    },
  },
};
