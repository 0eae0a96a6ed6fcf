// Identity providers for the tests of sign-in: `oidc-provider`, which is certified, and a forger, which answers with tokens
// that nobody must accept. `GET /browse?url=` does what a browser does: it follows redirects with cookies until it is sent
// back to tagpol, and answers with that address.

import http from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';

const REDIRECT = 'http://localhost/api/v1/auth/oidc/test/callback';
// Characters that have to be encoded in the header.
const SECRET = 'a secret: with % and &';

const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};
const json = (response, value, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

// --- the honest one

async function honest() {
  let callback = (_request, response) => response.end();
  const server = http.createServer(async (request, response) => {
    try {
      await callback(request, response);
    } catch (error) {
      json(response, { error: `${error.stack}` }, 500);
    }
  });
  const port = await listen(server);
  const keys = [];
  for (const alg of ['RS256', 'ES256', 'EdDSA']) {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.push({ ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg });
  }
  const client = (alg) => ({
    client_id: `tagpol-${alg}`,
    client_secret: SECRET,
    redirect_uris: [REDIRECT],
    id_token_signed_response_alg: alg,
  });
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [
      ...['RS256', 'ES256', 'EdDSA'].map(client),
      { ...client('RS256'), client_id: 'public', token_endpoint_auth_method: 'none', client_secret: undefined },
    ],
    jwks: { keys },
    cookies: { keys: ['test'] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, email: `${id}@example.com`, email_verified: id !== 'unverified', name: 'A Person',
        groups: { chief: ['finops', 'platform'], stranger: ['sales'] }[id] ?? ['finops'],
      }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  });
  const answer = provider.callback();
  callback = async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (params.login_hint === 'no') {
      return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'not today' });
    }
    if (prompt.name === 'login') {
      const login = { accountId: params.login_hint ?? 'ada' };
      return provider.interactionFinished(request, response, { login });
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  };
  return { issuer: `http://localhost:${port}` };
}

async function browse(start) {
  const cookies = new Map();
  let url = new URL(start);
  for (let hop = 0; hop < 20; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [pair] = set.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    url = new URL(location, url);
    if (url.href.startsWith(REDIRECT)) return url.href;
  }
  throw new Error('too many redirects');
}

// --- the forger: the name of the forgery comes as the code

async function forger() {
  const keys = await generateKeyPair('RS256', { extractable: true });
  let published = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const next = await generateKeyPair('ES256', { extractable: true });
  const stranger = await generateKeyPair('RS256');
  let issuer;
  let nonce;
  const token = async (forgery) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'tagpol', sub: 'ada', iat: now, exp: now + 300, nonce };
    const header = { alg: 'RS256', kid: 'k1' };
    let key = keys.privateKey;
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    switch (forgery) {
      case 'honest': break;
      case 'unsigned': return `${encode({ alg: 'none' })}.${encode(claims)}.`;
      case 'secret': {
        const secret = new TextEncoder().encode(published.n);
        return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
      }
      case 'stranger': key = stranger.privateKey; break;
      case 'issuer': claims.iss = 'https://accounts.example.com'; break;
      case 'audience': claims.aud = 'another'; break;
      case 'audiences': claims.aud = ['tagpol', 'another']; break;
      case 'party': claims.azp = 'another'; break;
      case 'expired': claims.exp = now - 120; break;
      case 'old': claims.iat = now - 3600; break;
      case 'future': claims.iat = now + 3600; break;
      case 'nonce': claims.nonce = 'another'; break;
      case 'no nonce': delete claims.nonce; break;
      case 'no subject': delete claims.sub; break;
      case 'no end': delete claims.exp; break;
      case 'rotated':
        published = { ...(await exportJWK(next.publicKey)), kid: 'k2', alg: 'ES256', use: 'sig' };
        Object.assign(header, { alg: 'ES256', kid: 'k2' });
        key = next.privateKey;
        break;
      case 'unverified': Object.assign(claims, { email: 'boss@example.com', email_verified: false }); break;
      case 'garbage': return 'a.b.c';
      default: throw new Error(forgery);
    }
    return new SignJWT(claims).setProtectedHeader(header).sign(key);
  };
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url, issuer);
    switch (url.pathname) {
      case '/browse':
        try {
          return json(response, { url: await browse(url.searchParams.get('url')) });
        } catch (error) {
          return json(response, { error: `${error}` }, 500);
        }
      case '/start': {
        ({ nonce } = Object.fromEntries(new URL(url.searchParams.get('url')).searchParams));
        return json(response, {});
      }
      case '/other/.well-known/openid-configuration':
      case '/.well-known/openid-configuration':
        return json(response, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        });
      case '/jwks': return json(response, { keys: [published] });
      case '/token': {
        const code = new URLSearchParams(Buffer.concat(chunks).toString()).get('code');
        if (code === 'no token') return json(response, { access_token: 'x', token_type: 'Bearer' });
        if (code === 'redirect') {
          response.writeHead(302, { location: 'http://169.254.169.254/' });
          return response.end();
        }
        return json(response, { access_token: 'x', token_type: 'Bearer', id_token: await token(code) });
      }
      default: return json(response, {}, 404);
    }
  });
  issuer = `http://localhost:${await listen(server)}`;
  return issuer;
}

console.log(JSON.stringify({ ...(await honest()), forger: await forger(), redirect: REDIRECT, secret: SECRET }));
// Ends with the test that started it.
process.stdin.on('end', () => process.exit(0)).resume();
