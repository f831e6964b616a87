import { z } from 'zod';
import { PROBLEM_CODES } from '#libs/problems/catalogue';

const FieldFault = z.object({
  detail: z.string(),
  pointer: z.string().describe('RFC 6901, into the body (or the query)'),
  code: z.string(),
});

/** RFC 9457 with our code; refusals that carry numbers carry them as further members. */
export const Problem = z
  .looseObject({
    type: z.string().describe('The page of this code'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(PROBLEM_CODES),
    request_id: z.string(),
    errors: z.array(FieldFault).optional(),
  })
  .meta({ id: 'Problem' });
