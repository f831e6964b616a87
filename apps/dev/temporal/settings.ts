import { searchAttributes } from '#workflows/contracts/search-attributes';

/** The CLI, and what it holds. The Go module beside this file pins the same. */
export const temporalVersions = { cli: '1.8.2', server: '1.31.2', ui: '2.50.1' } as const;

export const temporalNamespace = 'default';

/** Of a server on PostgreSQL, where a shard does one write at a time; the development server has one, and no choice. */
export const temporalHistoryShards = 128;

/**
 * What every server that carries Ebb's workflows is told, the development server as the compose file's: by default it is
 * five times slower than it needs to be (a queue reader waits for a tick of 50 ms at every step), starts activities by a
 * second round trip, and lets one account's thousand jobs stand before another's one.
 */
export const temporalDynamicConfig = {
  'history.transferProcessorMaxPollRPS': 5000,
  'history.timerProcessorMaxPollRPS': 5000,
  'system.enableActivityEagerExecution': true,
  'matching.enableFairness': true,
} as const;

/**
 * What only the development server is told: a timer due within the next second fires when it is due. By default it fires up to a
 * second late, so that hosts of a cluster whose clocks differ can hand timers to each other; this one is alone.
 */
export const temporalAloneConfig = { 'history.timerProcessorMaxTimeShift': '"50ms"' } as const;

const CLI_TYPES = {
  TEXT: 'Text',
  KEYWORD: 'Keyword',
  INT: 'Int',
  DOUBLE: 'Double',
  BOOL: 'Bool',
  DATETIME: 'Datetime',
  KEYWORD_LIST: 'KeywordList',
} as const;

/** Name and type of each search attribute, as Temporal's command line names the types. */
export const searchAttributeTypes: readonly (readonly [name: string, type: string])[] = Object.values(searchAttributes).map(
  key => [key.name, CLI_TYPES[key.type]] as const,
);
