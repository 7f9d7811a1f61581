// @dynamicweb/headless-api: DynamicWeb's own client of the Delivery API, for
// browsers; it reads Token. Node's fetch stands in for the window's.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { claims, settings } from './settings.mjs';

globalThis.window = globalThis;
const { Authentication } = createRequire(import.meta.url)('@dynamicweb/headless-api/dist/index.js');
const { issuer } = settings.systems['dynamicweb-delivery'];
const { username, password } = settings;

const users = (token) => new Authentication.UsersClient(issuer, token);
const signIn = (...more) => users().authenticate(username, password, ...more);

test('a person signs in for half an hour', async () => {
  const { iat, exp, nameid, sub } = await claims('dynamicweb-delivery', (await signIn()).token);
  assert.equal(exp - iat, 1800);
  assert.equal(nameid, sub);
});

test('a person signs in for as long as the client asks', async () => {
  const { iat, exp } = await claims('dynamicweb-delivery', (await signIn('SHOP1', 600)).token);
  assert.equal(exp - iat, 600);
});

test('the token says who the person is', async () => {
  const { token } = await signIn();
  const profile = await users(token).getUserInfo();
  assert.equal(profile.userName, username);
});

test('a wrong password is 404', async () => {
  await assert.rejects(users().authenticate(username, 'wrong'), (error) => {
    assert.ok(error.isApiException);
    assert.equal(error.status, 404);
    assert.equal(JSON.parse(error.response), 'Username or password is not valid');
    return true;
  });
});

test('a token is renewed', async () => {
  const { token } = await signIn('SHOP1', 600);
  const renewed = (await users(token).refresh(600)).token;
  assert.notEqual(renewed, token);
  const [before, now] = await Promise.all([token, renewed].map((one) => claims('dynamicweb-delivery', one)));
  assert.equal(now.sub, before.sub);
});

test('without a token nothing is renewed: 403', async () => {
  await assert.rejects(users().refresh(600), { status: 403 });
});
