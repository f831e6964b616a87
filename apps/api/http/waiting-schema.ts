import { z } from 'zod';
import { WAIT_REASONS } from '#libs/states/waiting';
import { Time } from './wire.ts';

export const Waiting = z
  .strictObject({
    reason: z.enum(WAIT_REASONS),
    since: Time,
    expires_at: Time.nullable(),
    ends_when: z.string(),
    actions: z.array(z.string()),
  })
  .meta({ id: 'Waiting' });

export const Failure = z.strictObject({ code: z.string(), message: z.string() }).meta({ id: 'Failure' });
