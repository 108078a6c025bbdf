// One bucket of requests a caller, in memory: the token's client (a system) or subject (a person), without a token the address.
import { Refused } from './answers.mjs';

export class Rates {
  #buckets = new Map();

  constructor({ rates, caches }) {
    Object.assign(this, { rates, size: caches.callers });
  }

  /** Takes one request from the caller's bucket. Gives the RateLimit headers, or refuses: RATE_LIMITED. */
  take(caller, address) {
    const [policy, key] = policyOf(caller, address);
    const { perSecond, burst } = this.#limitsOf(policy, caller);
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    this.#buckets.delete(key);
    if (this.#buckets.size >= this.size) this.#buckets.delete(this.#buckets.keys().next().value);
    this.#buckets.set(key, bucket);

    const waitS = Math.ceil(Math.max(0, 1 - bucket.left) / perSecond);
    const headers = {
      'ratelimit-policy': `"${policy}";q=${burst};w=${Math.ceil(burst / perSecond)}`,
      ratelimit: `"${policy}";r=${Math.max(0, Math.floor(bucket.left - 1))};t=${Math.ceil((burst - bucket.left) / perSecond)}`,
    };
    if (bucket.left < 1) {
      throw new Refused(429, 'RATE_LIMITED', `At most ${perSecond} requests a second.`, {
        limit: perSecond,
        hint: `Ask again in ${waitS} s.`,
        headers: { ...headers, 'retry-after': String(waitS) },
      });
    }
    bucket.left -= 1;
    return headers;
  }

  // A system may have a rate of its own; its bursts are as many seconds of it as every system's.
  #limitsOf(policy, { perSecond }) {
    const { per_second: usual, burst } = this.rates[policy];
    if (policy !== 'machine' || !(perSecond > 0)) return { perSecond: usual, burst };
    return { perSecond, burst: Math.ceil((burst / usual) * perSecond) };
  }
}

function policyOf(caller, address) {
  if (caller.anonymous) return ['anonymous', `address ${address}`];
  if (caller.client !== undefined) return ['machine', `client ${caller.client}`];
  return ['signed_in', `subject ${caller.subject}`];
}
