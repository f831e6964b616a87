import { PROBLEMS, type ProblemCode } from '#libs/problems/catalogue';

/** The page of one code: what it means and what to do. Committed under docs/errors and served as the problem's `type`. */
export function errorPage(code: ProblemCode): string {
  const { status, title, remedy } = PROBLEMS[code];
  return `# ${code}\n\n${title}. The answer's status is ${status}.\n\n## What to do\n\n${remedy}\n`;
}
