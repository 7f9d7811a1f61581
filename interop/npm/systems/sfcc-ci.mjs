// sfcc-ci: Salesforce's command line for continuous integration. It knows
// account.demandware.com by heart, where a proxy leads it here.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { claims, settings } from './settings.mjs';

const require = createRequire(import.meta.url);
const run = promisify(execFile);
const { client_id: clientId, client_secret: clientSecret } = settings.systems.ocapi;

let folder;
before(async () => { folder = await mkdtemp(join(tmpdir(), 'sfcc-ci-')); });
after(() => rm(folder, { recursive: true }));

// commandLine is one that remembers what it was told under a name of its own.
const commandLine = (name) => async (...args) => {
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, name) };
  const { stdout, stderr } = await run(process.execPath, [require.resolve('sfcc-ci/cli.js'), ...args], { cwd: folder, env });
  return stdout + stderr;
};

describe('sfcc-ci', { concurrency: true }, () => {
  test('a client gets a token, and renews it', async () => {
    const sfcc = commandLine('client');
    assert.match(await sfcc('client:auth', clientId, clientSecret, '--renew'), /Authentication succeeded Auto-renewal enabled/);
    assert.match(await sfcc('client:auth:renew'), /Authentication renewal succeeded/);
    const { sub, grant_type: grant, scope } = await claims('ocapi', (await sfcc('client:auth:token')).trim());
    assert.equal(sub, clientId);
    assert.equal(grant, 'client_credentials');
    assert.ok(Array.isArray(scope));
  });

  test('a client gets a token for a person, and renews it by the refresh token', async () => {
    const sfcc = commandLine('person');
    const said = await sfcc('client:auth', clientId, clientSecret, settings.username, settings.password, '--renew');
    assert.match(said, /Authentication succeeded Auto-renewal enabled/);
    assert.match(await sfcc('client:auth:renew'), /Authentication renewal succeeded/);
    const { sub, grant_type: grant } = await claims('ocapi', (await sfcc('client:auth:token')).trim());
    assert.notEqual(sub, clientId);
    assert.equal(grant, 'refresh_token');
  });

  test('an imported pair, by the module: it encodes the secret', async () => {
    process.env.XDG_CONFIG_HOME = join(folder, 'module');
    const token = await promisify(require('sfcc-ci').auth.auth)(settings.ocapi_id, settings.imported_secret);
    assert.equal((await claims('ocapi', token)).client_id, settings.ocapi_id);
  });

  test('a wrong secret is told as it is documented', async () => {
    await assert.rejects(commandLine('wrong')('client:auth', clientId, 'wrong'), {
      code: 1, stderr: /Authentication failed: Client authentication failed/,
    });
  });

  test('a wrong password is told as it is documented', async () => {
    await assert.rejects(commandLine('stranger')('client:auth', clientId, clientSecret, settings.username, 'wrong'), {
      code: 1, stderr: /Authentication failed: Resource owner authentication failed/,
    });
  });
});
