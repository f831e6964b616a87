import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { BUNDLE_PATH, WORKFLOWS_PATH } from './paths.ts';

/** Part of the build: workers start from the bundle, so that a start costs no bundling and all run the same code. */
const quiet = { trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error, log() {} };
const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: quiet });
mkdirSync(dirname(BUNDLE_PATH), { recursive: true });
writeFileSync(resolve(BUNDLE_PATH), code);
