import type { FastifyInstance } from 'fastify';
import { refuse } from '#libs/problems/refusal';

interface Known {
  pattern: RegExp;
  methods: Set<string>;
}

/** Remembers which paths take which methods, so that a wrong method is a 405 with `Allow` and not a 404. */
export function rememberMethods(fastify: FastifyInstance): { refuseIfKnown(url: string): void } {
  const known = new Map<string, Known>();
  fastify.addHook('onRoute', route => {
    const entry = known.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
    for (const method of [route.method].flat()) entry.methods.add(method);
    known.set(route.url, entry);
  });
  return {
    refuseIfKnown(url) {
      const path = url.split('?', 1)[0] ?? '';
      const methods = new Set<string>();
      for (const entry of known.values()) {
        // A wildcard is a folder of files, not a path that someone could have meant.
        if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
      }
      if (methods.size > 0) refuse('method_not_allowed', { headers: { allow: [...methods].sort().join(', ') } });
    },
  };
}

function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map(part => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${source}$`);
}
