import type { Difference } from './compare.ts';

/** A difference that is meant to be: which exchange, where in its answer, and why. */
export type Listed = { exchange: string; where: string; why: string };

/** Reads the table of docs/localnet-differences.md. */
export function listed(page: string): Listed[] {
  const rows = page
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| --- ') && !line.startsWith('| exchange '));
  return rows.map(row => {
    const [exchange = '', where = '', why = ''] = row
      .slice(1, -1)
      .split(' | ')
      .map(cell => cell.trim());
    return { exchange, where, why };
  });
}

const fits = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(text);

export const covers = (line: Listed, found: Difference): boolean =>
  fits(line.exchange, found.name) && fits(line.where, found.path);
