import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { refuse } from '#libs/problems/refusal';
import { faultsOf, unstorable } from './faults.ts';

/** A body of a megabyte can hold more faults than anyone reads, and an answer larger than the request. */
const MAX_TOLD = 50;

/** Judges bodies and queries by the schema their parameter names; a fault is 400 with a pointer to each place. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { schema } = metadata;
    if (schema === undefined) return value;
    const plain = unstorable(value);
    if (plain.length > 0)
      refuse('invalid_request', { detail: summary(metadata, plain.length), errors: plain.slice(0, MAX_TOLD) });
    const judged = await schema['~standard'].validate(value);
    if (judged.issues === undefined) return judged.value;
    const errors = faultsOf(judged.issues, value);
    return refuse('invalid_request', { detail: summary(metadata, errors.length), errors: errors.slice(0, MAX_TOLD) });
  }
}

function summary(metadata: ArgumentMetadata, count: number): string {
  const place = metadata.type === 'query' ? 'query' : 'body';
  if (count > MAX_TOLD) return `The ${place} has ${count} faults; errors has the first ${MAX_TOLD}.`;
  return count === 1 ? `The ${place} has a fault; see errors.` : `The ${place} has ${count} faults; see errors.`;
}
