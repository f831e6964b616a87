import { join } from 'node:path';

/** Both stand in dist, beside this file's built form. */
const dist = join(import.meta.dirname, '..', '..');
export const WORKFLOWS_PATH = join(dist, 'workflows', 'all.js');
export const BUNDLE_PATH = join(dist, 'workflow-bundle.js');
