/* Keys: the match keys by which ad networks recognise a person. The page's values are hashed here, never sent raw. */

import { may, mayKnow } from './consent.js';
import { cookie, own } from './own.js';

/** Hashes a text: SHA-256 as hexadecimal digits. Only secure pages can do this. A text that is a hash already stays. */
const hash = async (text) => {
  if (!text || /^[\da-f]{64}$/.test(text)) return text;
  text = ('' + text).trim();
  if (/@/.test(text)) text = text.toLowerCase();
  let hex = '';
  for (const byte of new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))))
    hex += (byte + 256).toString(16).slice(1);
  return hex;
};

/** Replaces the values that identify a hit's person by keys, if consent allows it. The promise never rejects. */
export const hashKeys = async (hit) => {
  const { user, email, phone } = hit;
  const match = (hit.match = own());
  hit.user = hit.email = hit.phone = undefined;
  if (!mayKnow()) return;
  if (may('ad_storage')) for (const name of ['ga', 'fbp', 'fbc', 'ttp']) match[name] = cookie('_' + name);
  try {
    hit.user = await hash(user);
    if (!may('ad_user_data')) return;
    match.email = await hash(email);
    /* A number needs its country code. Google and TikTok hash it with the plus, Meta without. */
    const digits = ('' + phone).replace(/\D/g, '');
    if (/^ *\+/.test(phone)) {
      match.phone = await hash('+' + digits);
      match.phone_digits = await hash(digits);
    }
  } catch {}
};
