import { causesOf } from '#libs/states/cause';
import { type PaymentStatus, paymentEdge } from '#libs/states/payment';
import { type RefundStatus, refundEdge } from '#libs/states/refund';

/** An event about a payment or refund; `status` is the object's as the event told it, `now` as its row has it. */
export interface Told {
  object_type: string;
  object_id: string;
  kind: string;
  actor_type: string;
  actor_id: string;
  status: string;
  now: string;
}

export const TOLD = `
  select e.object_type, e.object_id, e.kind, e.actor_type, e.actor_id, e.data ->> 'status' as status, coalesce(p.status, r.status) as now
  from events e left join payments p on p.id = e.object_id left join refunds r on r.id = e.object_id
  where e.object_type in ('payment', 'refund') order by e.object_id, e.sequence`;

/** I6: what was told of each object, in order, is a walk along its table of states that ends where its row stands. */
export function toldFaults(events: readonly Told[]): string[] {
  return [...Map.groupBy(events, one => one.object_id)].flatMap(([id, story]) => {
    let at = story[0]?.object_type === 'refund' ? 'created' : 'pending';
    const faults: string[] = [];
    for (const told of story) {
      const fault = edgeFault(at, told);
      if (fault) faults.push(`I6: ${id}: ${fault}`);
      at = told.status;
    }
    if (at !== story[0]?.now) faults.push(`I6: ${id} is ${story[0]?.now}, told was ${at}`);
    return faults;
  });
}

function edgeFault(from: string, told: Told): string | null {
  if (from === told.status) return null;
  const causes =
    told.kind === 'refund.created' ? (['caller', 'operator'] as const) : causesOf({ type: told.actor_type, id: told.actor_id });
  try {
    const edge =
      told.object_type === 'refund'
        ? refundEdge(from as RefundStatus | 'created', told.status as RefundStatus, causes)
        : paymentEdge(from as PaymentStatus, told.status as PaymentStatus, causes);
    return edge?.event === told.kind ? null : `${told.kind} from ${from} to ${told.status}`;
  } catch (error) {
    return String(error);
  }
}
