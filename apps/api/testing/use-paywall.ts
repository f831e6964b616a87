import { beforeAll, beforeEach } from 'vitest';
import type { NewLine } from '#libs/outbox/lines';
import { type Fate, payingParts } from './paying.ts';
import { makeLink } from './settled-payment.ts';
import { type Answered, type ApiUnderTest, useApi } from './use-api.ts';

/** The query of a devnet link. */
export const DEVNET = '?network=solana-devnet';

export interface PaywallUnderTest {
  under: ApiUnderTest;
  /** What the next settlement does, and those that were begun. */
  fate: { next: Fate; settled: NewLine[] };
  /** A link of the merchant whose treasury is open. */
  openLink(over?: object): Promise<string>;
  visit(link: string, headers?: Record<string, string>, method?: string, query?: string): Promise<Answered>;
  payments(): Promise<{ id: string; request: unknown }[]>;
}

/** The API with a facilitator, a chain and settlements as the test sets them; each test begins with settlements that land. */
export function usePaywall(): PaywallUnderTest {
  const fate: PaywallUnderTest['fate'] = { next: 'lands', settled: [] };
  const paying = payingParts(fate);
  const under = useApi({ EBB_PUBLIC_URL: 'https://ebb.test' }, paying.over);
  beforeAll(() => paying.connect(under));
  beforeEach(() => {
    fate.next = 'lands';
    fate.settled = [];
  });
  return {
    under,
    fate,
    async openLink(over = {}) {
      const { link } = await makeLink(under, under.key, over);
      await under.db.read.updateTable('treasury_accounts').set({ opened_at: new Date() }).execute();
      return link;
    },
    visit: (link, headers = {}, method = 'GET', query = DEVNET) =>
      under.ask(method, `/x/${link}${query}`, { key: null, headers }),
    payments: () => under.db.read.selectFrom('payments').selectAll().orderBy('created_at').execute(),
  };
}
