import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { refuse } from '#libs/problems/refusal';
import { faultsOf, unstorable } from './faults.ts';

/** Judges bodies and queries by the schema their parameter names; a fault is 400 with a pointer to each place. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const { schema } = metadata;
    // An id that no row can bear is one that is not there; PostgreSQL would call it an error.
    if (metadata.type === 'param' && unstorable(value).length > 0) refuse('not_found');
    if (schema === undefined) return value;
    const plain = unstorable(value);
    if (plain.length > 0) refuse('invalid_request', { detail: summary(metadata, plain.length), errors: plain });
    const judged = await schema['~standard'].validate(value);
    if (judged.issues === undefined) return judged.value;
    const errors = faultsOf(judged.issues, value);
    return refuse('invalid_request', { detail: summary(metadata, errors.length), errors });
  }
}

function summary(metadata: ArgumentMetadata, count: number): string {
  const place = metadata.type === 'query' ? 'query' : 'body';
  return count === 1 ? `The ${place} has a fault; see errors.` : `The ${place} has ${count} faults; see errors.`;
}
