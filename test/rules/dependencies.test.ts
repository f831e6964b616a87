import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const fixtures = join(root, 'test', 'fixtures', 'dependencies');
const { default: rules } = (await import(join(root, '.dependency-cruiser.mjs'))) as {
  default: { forbidden: { name: string }[] };
};

/** The names of the rules that a tree of sources breaks. */
async function broken(folder: string): Promise<string[]> {
  const found = await cruise(['.'], {
    baseDir: folder,
    ruleSet: { forbidden: rules.forbidden as never },
    validate: true,
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
  });
  return (found.output as ICruiseResult).summary.violations.map(violation => violation.rule.name);
}

describe('a rule that nothing can break holds nothing', () => {
  test.each(rules.forbidden.map(rule => rule.name))('%s fails on its fixture', async name => {
    expect(await broken(join(fixtures, name))).toContain(name);
  });

  test('every fixture belongs to a rule', () => {
    expect(rules.forbidden.map(rule => rule.name)).toEqual(expect.arrayContaining(readdirSync(fixtures)));
  });
});
