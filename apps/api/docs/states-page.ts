import { PAYMENT_EDGES } from '#libs/states/payment';
import { REFUND_EDGES, REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import { WAIT_REASONS, WAITS } from '#libs/states/waiting';

interface Edge {
  from: string;
  to: string;
  event: string;
  by: readonly string[];
}

/** docs/states.md, drawn from the tables that the code goes by. */
export function statesPage(): string {
  return [
    '# States and waits',
    '',
    'Drawn from the tables in `libs/states` by `npm run openapi`. What is not here does not happen: it is refused as a defect.',
    '',
    '## A refund',
    '',
    ...diagram(REFUND_EDGES, status => REFUND_TERMINAL.has(status as RefundStatus)),
    '',
    ...edges(REFUND_EDGES),
    '',
    '## A payment',
    '',
    ...diagram(PAYMENT_EDGES, status => status === 'failed'),
    '',
    ...edges(PAYMENT_EDGES),
    '',
    '## What they wait for',
    '',
    '| reason | ends when | only people end it | what one can do |',
    '| --- | --- | --- | --- |',
    ...WAIT_REASONS.map(reason => {
      const { ends_when, person, actions } = WAITS[reason];
      return `| \`${reason}\` | ${ends_when} | ${person ? 'yes' : 'no'} | ${actions.map(code).join(', ')} |`;
    }),
    '',
  ].join('\n');
}

const code = (text: string): string => `\`${text}\``;
const START = 'created';
const node = (status: string): string => (status === START ? '[*]' : status);

/** Mermaid; edges between the same two groups of states would make it unreadable, so causes stand in the table only. */
function diagram(table: readonly Edge[], isEnd: (status: string) => boolean): string[] {
  const ends = [...new Set(table.map(edge => edge.to))].filter(isEnd);
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...table.map(edge => `  ${node(edge.from)} --> ${edge.to}`),
    ...ends.map(status => `  ${status} --> [*]`),
    '```',
  ];
}

function edges(table: readonly Edge[]): string[] {
  return [
    '| from | to | caused by | event |',
    '| --- | --- | --- | --- |',
    ...table.map(({ from, to, by, event }) => `| ${from} | ${to} | ${by.join(', ')} | ${code(event)} |`),
  ];
}
