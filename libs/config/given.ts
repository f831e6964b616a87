import { Settings } from './config.ts';

/** Settings that were given to this process, as text: what a starter of processes hands on to those it starts. */
export function givenSettings(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return pick(env, Object.keys(Settings.shape));
}

/** What any program needs to run on this machine, and nothing that changes how Ebb behaves. */
export function machineEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return pick(env, [
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'TMPDIR',
    'LANG',
    'TZ',
    'XDG_CACHE_HOME',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
  ]);
}

/** What a build or a download needs besides: the user's proxies, and where Go keeps and finds its modules. */
export function buildEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const wanted = Object.keys(env).filter(name => /^(GO[A-Z]*|CGO_[A-Z]+|(https?|no|all)_proxy)$/i.test(name));
  return { ...machineEnvironment(env), ...pick(env, wanted) };
}

function pick(env: NodeJS.ProcessEnv, names: string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') picked[name] = value;
  }
  return picked;
}
