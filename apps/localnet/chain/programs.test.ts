import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../programs');

test('the programs are the ones of the validator that their page names', () => {
  const rows = [
    ...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| (\S+\.so\.gz) \| \S+ \| `([0-9a-f]{64})` \|$/gm),
  ];
  expect(rows.length).toBe(3);
  for (const [, file, hash] of rows) {
    const program = gunzipSync(readFileSync(join(folder, file ?? '')));
    expect(createHash('sha256').update(program).digest('hex')).toBe(hash);
  }
});
