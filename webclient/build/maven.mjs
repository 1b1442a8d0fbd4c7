// The Maven module's steps. Each one runs only when what it reads has changed since it last succeeded:
//   node build/maven.mjs build   npm ci, API types, type check, lint, bundle into target/classes
//   node build/maven.mjs test    npm ci, API types, component tests
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = dirname(dirname(fileURLToPath(import.meta.url)));
const CONTRACT = join(MODULE, '../broker/src/main/resources/oriel/broker/openapi.yaml');
const TOOLCHAIN = ['package.json', 'package-lock.json', 'build', 'eslint.config.js', 'tsconfig.json', 'vite.config.ts', 'vite.viewer.config.ts'];
const SOURCES = [...TOOLCHAIN, 'index.html', 'public', 'src', 'test', 'mock', CONTRACT];
const MINIMUM_NODE = [20, 19];

function fail(message) {
  console.error(`webclient: ${message}`);
  process.exit(1);
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesBelow(join(path, entry.name)));
}

function fingerprint(inputs) {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) {
    for (const file of filesBelow(input === CONTRACT ? input : join(MODULE, input))) {
      const name = relative(MODULE, file);
      hash.update(`\0${name}\0`).update(readFileSync(file));
    }
  }
  return hash.digest('hex');
}

/** Runs `work` unless `stamp` says that it succeeded on the same `inputs` and `product` is still there. */
function once(what, stamp, inputs, product, work) {
  const file = join(MODULE, stamp);
  const now = fingerprint(inputs);
  if (existsSync(file) && readFileSync(file, 'utf8') === now && existsSync(join(MODULE, product))) {
    console.log(`webclient: ${what}: nothing changed`);
    return;
  }
  rmSync(file, { force: true });
  work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, now);
}

function npm(...args) {
  console.log(`webclient: npm ${args.join(' ')}`);
  const run = spawnSync('npm', args, { cwd: MODULE, stdio: 'inherit', env: { ...process.env, NO_COLOR: '1' } });
  if (run.error) fail(`npm can't be started (${run.error.message}): install Node.js ${MINIMUM_NODE.join('.')} or newer with npm`);
  if (run.status !== 0) fail(`"npm ${args.join(' ')}" failed; run it in webclient/ to see why`);
}

function install() {
  once('npm ci', 'node_modules/.oriel-installed', ['package-lock.json'], 'node_modules/.package-lock.json', () =>
    npm('ci', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'),
  );
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
  fail(`Node.js ${process.versions.node} is too old: ${MINIMUM_NODE.join('.')} or newer is needed`);
}
if (!existsSync(CONTRACT)) fail(`the API's contract is missing: ${CONTRACT}`);

switch (process.argv[2]) {
  case 'build':
    once('bundle', 'target/bundle.stamp', SOURCES, 'target/classes/oriel/webclient/index.html', () => {
      install();
      npm('run', '--silent', 'build');
    });
    break;
  case 'test':
    once('tests', 'target/tests.stamp', SOURCES, 'target/tests.stamp', () => {
      install();
      npm('run', '--silent', 'test');
    });
    break;
  default:
    fail('say "build" or "test"');
}
