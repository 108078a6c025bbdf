// Bearer tokens, verified before anything is executed: one issuer, one audience, claim `typ` Bearer, a short life. Every
// failure gives the same answer; the reason goes to the log, the token never does. The services verify again.
import { hash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { Refused } from './answers.mjs';

export const ANONYMOUS = Object.freeze({ anonymous: true });

const KEYS_TIMEOUT_MS = 5_000;
// How long a failed fetch of the keys is not tried again: the issuer may still be starting.
const KEYS_RETRY_MS = 1_000;
const KEYS_RELOAD_MS = 600_000;
const KEYS_MAX_CHARACTERS = 262_144;
const UNAVAILABLE = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID']);

export class Identity {
  #verified = new Map();
  #keysFailedAt = -Infinity;

  constructor({ issuer, audience, tokens }, log) {
    Object.assign(this, { issuer, audience, tokens, log });
    this.keys = createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`), {
      cooldownDuration: tokens.keys_refetch_min_s * 1000,
      timeoutDuration: KEYS_TIMEOUT_MS,
      // Known keys stay good while the issuer is away; the timer below notices those that it has withdrawn.
      cacheMaxAge: Infinity,
      [customFetch]: (url) => this.#fetchKeys(url),
    });
    const reload = () => this.keys.reload().catch((error) => this.log('warning', 'keys not reloaded', { reason: error.message }));
    setInterval(() => this.keys.jwks() && reload(), KEYS_RELOAD_MS).unref();
  }

  /** Who sends this header: `{subject, client, perSecond, authorization, expiresAt}`, or ANONYMOUS. `client` is another
   * entity's system that asks for itself; `perSecond` is its own rate where the issuer gives it one. Refuses: INVALID_TOKEN, IDENTITY_UNAVAILABLE. */
  async caller(authorization) {
    if (authorization === undefined) return ANONYMOUS;
    const token = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw this.#invalid('not a bearer token');
    const fingerprint = hash('sha256', token, 'base64');
    const known = this.#verified.get(fingerprint);
    if (known !== undefined && now() <= known.expiresAt + this.tokens.leeway_s) return known;
    const claims = await this.#claims(token);
    const caller = {
      subject: claims.sub,
      // Keycloak puts it into the tokens of service accounts alone.
      client: typeof claims.client_id === 'string' ? claims.client_id : undefined,
      perSecond: Number.isSafeInteger(claims.requests_per_second) ? claims.requests_per_second : undefined,
      authorization: `Bearer ${token}`,
      expiresAt: claims.exp,
    };
    this.#verified.delete(fingerprint);
    if (this.#verified.size >= this.tokens.verified_max) this.#verified.delete(this.#verified.keys().next().value);
    this.#verified.set(fingerprint, caller);
    return caller;
  }

  async #claims(token) {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        algorithms: this.tokens.algorithms,
        issuer: this.issuer,
        audience: this.audience,
        clockTolerance: this.tokens.leeway_s,
        requiredClaims: ['exp', 'iat', 'sub', 'typ'],
      });
      this.#check(payload);
      return payload;
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (!(error instanceof errors.JOSEError) || UNAVAILABLE.has(error.code)) {
        this.log('warning', 'keys not available', { reason: error.code ?? error.message });
        throw new Refused(503, 'IDENTITY_UNAVAILABLE', 'Tokens can\'t be verified just now.', {
          headers: { 'retry-after': '2' },
          hint: 'Ask again in a moment, or without a token for what is public.',
        });
      }
      throw this.#invalid(error.code);
    }
  }

  // What the signature and the registered claims don't say.
  #check({ aud, typ, exp, iat, sub }) {
    const checks = {
      'audience beside ours': typeof aud === 'string' || aud.length === 1,
      'typ is not Bearer': typ === 'Bearer',
      'times are not whole numbers': Number.isSafeInteger(exp) && Number.isSafeInteger(iat),
      'issued in the future': iat <= now() + this.tokens.leeway_s,
      'lives too long': exp > iat && exp - iat <= this.tokens.lifetime_max_s,
      'no subject': typeof sub === 'string' && sub !== '',
    };
    const failed = Object.keys(checks).filter((name) => !checks[name]);
    if (failed.length > 0) throw this.#invalid(failed.join(', '));
  }

  #invalid(reason) {
    this.log('info', 'token refused', { reason });
    return new Refused(401, 'INVALID_TOKEN', 'The token is not valid here. Sign in again.', {
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  }

  // Node's own client instead of fetch, which would cost its memory for this one request.
  #fetchKeys(url) {
    if (performance.now() - this.#keysFailedAt < KEYS_RETRY_MS) return Promise.reject(new Error('failed a moment ago'));
    return new Promise((resolve, reject) => {
      const fail = (error) => {
        this.#keysFailedAt = performance.now();
        reject(error);
      };
      const client = url.startsWith('https:') ? https : http;
      const request = client.get(url, { timeout: KEYS_TIMEOUT_MS }, (response) => {
        response.setEncoding('utf8');
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
          if (text.length > KEYS_MAX_CHARACTERS) request.destroy(new Error('key set too large'));
        });
        response.on('error', fail);
        response.on('end', () => {
          if (response.statusCode !== 200) fail(new Error(`key set answered ${response.statusCode}`));
          else resolve({ status: 200, json: async () => JSON.parse(text) });
        });
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', fail);
    });
  }
}

const now = () => Math.floor(Date.now() / 1000);
