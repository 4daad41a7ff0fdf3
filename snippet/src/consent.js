/*
 * Consent: Google's four signals. Each is granted, denied or pending. The script's attribute, the page's calls and the
 * browser set them.
 */

import { data, words } from './script.js';

/** The named signals. If a signal isn't named, the server uses the site's setting; here it counts as granted. */
export const signals = {};

export const may = (name) => (signals[name] || 'granted') == 'granted';

/** Whether the visitor's id may be kept. */
export const mayKnow = () => may('analytics_storage');

/** Whether the person has not chosen yet. Until then nothing is kept and nothing is sent. */
export const isPending = () => signals.analytics_storage == 'pending';

const setAll = (word) => {
  for (const name of ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization']) signals[name] = word;
};

/* The attribute has one word for all signals, or `ad_storage=denied,...`. */
for (const part of words(data.consent)) {
  const [name, word] = part.split('=');
  word ? (signals[name] = word) : setAll(name);
}
/* A denial by the browser stays in force, whatever the page calls later. */
if (data.gpc != 'ignore' && (navigator.globalPrivacyControl || navigator.doNotTrack == 1)) {
  setAll('denied');
  Object.freeze(signals);
}
