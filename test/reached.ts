import { existsSync, readFileSync } from 'node:fs';
import { STEPS } from '#libs/steps/registry';

/*
 * Given the file in which a test run's processes noted the steps they reached: fails, naming them, where a step was reached
 * by none. A step that no test reaches is a place where nobody has looked what a death does.
 */

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file? EBB_STEP_FILE of the run');
const reached = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);
const missed = Object.keys(STEPS).filter(step => !reached.has(step));
if (missed.length > 0) {
  process.stderr.write(`no test reached these steps: ${missed.join(', ')}\n`);
  process.exit(1);
}
process.stdout.write(`every one of ${Object.keys(STEPS).length} steps was reached\n`);
