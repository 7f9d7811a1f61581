// express-oauth2-jwt-bearer: the middleware of an Express resource server,
// which finds the keys by discovery from the issuer (strict: RFC 9068).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { accessToken, audience, issuer, scope, ungrantedScope, withSignatureBroken } from './settings.mjs';

let server;
let origin;

before(async () => {
  const app = express();
  app.use(auth({ issuerBaseURL: issuer.href, audience, strict: true }));
  app.get('/whoami', (req, res) => res.json({ sub: req.auth.payload.sub }));
  app.get('/allowed', requiredScopes(scope), (req, res) => res.json({}));
  app.get('/beyond', requiredScopes(ungrantedScope), (req, res) => res.json({}));
  // Express would print the stack of every refusal.
  app.use((error, req, res, next) => res.status(error.status ?? 500).set(error.headers ?? {}).json({ error: error.code ?? error.message }));
  server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

const get = async (path, token) => {
  const response = await fetch(origin + path, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
};

test('200 with a token', async () => {
  const answer = await get('/whoami', await accessToken());
  assert.equal(answer.status, 200, JSON.stringify(answer));
  assert.equal(answer.body.sub, process.env.GATEHOUSE_TEST_CLIENT_ID);
});

test('200 with the scope that is needed', async () => {
  assert.equal((await get('/allowed', await accessToken())).status, 200);
});

test('401 without a token', async () => {
  assert.equal((await get('/whoami')).status, 401);
});

test('401 with a token whose signature was changed', async () => {
  const answer = await get('/whoami', withSignatureBroken(await accessToken()));
  assert.equal(answer.status, 401);
  assert.match(answer.challenge, /invalid_token/);
});

test('403 without the scope that is needed', async () => {
  const answer = await get('/beyond', await accessToken());
  assert.equal(answer.status, 403);
  assert.match(answer.challenge, /insufficient_scope/);
});
