import { startStack } from '#apps/dev/stack';
import { type PartName } from '#apps/dev/stack-options';

/* A process that holds a stack and does nothing else, for tests that kill it. Its arguments are the parts. */

const stack = await startStack({ parts: process.argv.slice(2) as PartName[], given: {} });
const parts = Object.fromEntries(stack.parts.map(part => [part.name, part.pid]));
process.stdout.write(`${JSON.stringify({ directory: stack.directory, parts })}\n`);
