/**
 * Every point where a process may die between two effects. A port takes one of these names, so no effect can be had
 * without one; a name that no test reaches fails the test run.
 */
export const STEPS = {
  // api
  'api.key.read': 'api',
  'api.request.log': 'api',
  'api.account.settings': 'api',
  'api.agent.create': 'api',
  'api.link.create': 'api',
  'api.link.count': 'api',
  'api.pay.offer': 'api',
  'api.pay.height': 'api',
  'api.pay.claim': 'api',
  'api.pay.start': 'api',
  'api.pay.answer': 'api',
  'api.refund.accept': 'api',
  'api.refund.act': 'api',
  'api.refund.destination': 'api',
  'api.ready.chain': 'api',
  'api.ready.temporal': 'api',
  'api.ready.facilitator': 'api',
  // relay
  'relay.claim': 'relay',
  'relay.start': 'relay',
  'relay.wake': 'relay',
  'relay.done': 'relay',
  'relay.failed': 'relay',
  // worker: settlement
  'settle.take': 'worker',
  'settle.verify': 'worker',
  'settle.refuse': 'worker',
  'settle.mark': 'worker',
  'settle.submit': 'worker',
  'settle.find': 'worker',
  'settle.prove': 'worker',
  'settle.wait': 'worker',
  'settle.record': 'worker',
  'settle.fail': 'worker',
  // worker: refund
  'refund.take': 'worker',
  'refund.destination': 'worker',
  'refund.blockhash': 'worker',
  'refund.simulate': 'worker',
  'refund.sign': 'worker',
  'refund.store': 'worker',
  'refund.send': 'worker',
  'refund.status': 'worker',
  'refund.prove': 'worker',
  'refund.landed': 'worker',
  'refund.wait': 'worker',
  'refund.post': 'worker',
  'refund.act': 'worker',
  'refund.end': 'worker',
  // worker: treasuries, finality, restarts
  'treasury.take': 'worker',
  'treasury.look': 'worker',
  'treasury.sign': 'worker',
  'treasury.send': 'worker',
  'treasury.opened': 'worker',
  'finality.status': 'worker',
  'finality.stamp': 'worker',
  'finality.gone': 'worker',
  'overdue.restart': 'worker',
  'worker.schedules': 'worker',
  // facilitator
  'facilitator.verify': 'facilitator',
  'facilitator.sign': 'facilitator',
  'facilitator.store': 'facilitator',
  'facilitator.send': 'facilitator',
  'facilitator.status': 'facilitator',
  'facilitator.resolve': 'facilitator',
  'facilitator.ready': 'facilitator',
  // command line
  'cli.key.mint': 'cli',
} as const satisfies Record<string, 'api' | 'relay' | 'worker' | 'facilitator' | 'cli'>;

export type Step = keyof typeof STEPS;
