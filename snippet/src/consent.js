/* Consent: Google's four signals, each granted, denied or pending, by the attribute, by calls and by the browser. */

import { data, words } from './script.js';

/** What is named. What is not named the server takes as the site's setting says, and we as granted. */
export const signals = {};

export const may = (name) => (signals[name] || 'granted') == 'granted';

/** Whether the person may be known from one page to the next. */
export const mayKnow = () => may('analytics_storage');

/** Whether the person has yet to choose; until then nothing is kept and nothing is sent. */
export const isPending = () => signals.analytics_storage == 'pending';

const setAll = (word) => {
  for (const name of ['ad_storage', 'analytics_storage', 'ad_user_data', 'ad_personalization']) signals[name] = word;
};

/* The attribute names a word for all, or `ad_storage=denied,...`. */
for (const part of words(data.consent)) {
  const [name, word] = part.split('=');
  word ? (signals[name] = word) : setAll(name);
}
/* What the browser says for the person stands, whatever the page calls later. */
if (data.gpc != 'ignore' && (navigator.globalPrivacyControl || navigator.doNotTrack == 1)) {
  setAll('denied');
  Object.freeze(signals);
}
