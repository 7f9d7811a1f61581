// What the tests are told: a running server and a client of one tenant.
const names = ['ISSUER', 'CLIENT_ID', 'CLIENT_SECRET', 'AUDIENCE', 'SCOPE', 'UNGRANTED_SCOPE'];

const missing = names.filter((name) => !process.env[`GATEHOUSE_TEST_${name}`]);
if (missing.length > 0) {
  throw new Error(`set ${missing.map((name) => `GATEHOUSE_TEST_${name}`).join(', ')}, or run: go test ./interop`);
}
const read = (name) => process.env[`GATEHOUSE_TEST_${name}`];

export const issuer = new URL(read('ISSUER'));
export const clientId = read('CLIENT_ID');
export const clientSecret = read('CLIENT_SECRET');
export const audience = read('AUDIENCE');
export const scope = read('SCOPE'); // the client may have it
export const ungrantedScope = read('UNGRANTED_SCOPE'); // the API knows it, the client may not have it

// accessToken asks for a token by hand, for tests of resource servers.
export async function accessToken() {
  const response = await fetch(`${issuer.href}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, audience, scope,
    }),
  });
  if (response.status !== 200) {
    throw new Error(`the token endpoint answered ${response.status}: ${await response.text()}`);
  }
  return (await response.json()).access_token;
}

// withSignatureBroken changes one character in the middle of the signature.
export function withSignatureBroken(token) {
  const at = token.lastIndexOf('.') + 40;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}
