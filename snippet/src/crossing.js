/*
 * Crossing: the visitor's id goes over to the site's other domains by a parameter that the tracker signs, and that is
 * good for some minutes and once.
 */

import { mayKnow } from './consent.js';
import { safely } from './own.js';
import { api, data, site, words } from './script.js';
import { keep, visitor } from './visitor.js';

const FOUND = /hl_visitor=([\w-]+)&?/;

/** Only a page of ours hands over: a stranger's link must not make people somebody else. */
const arrived = words(data.domains).includes(document.referrer.split('/')[2]) && FOUND.exec(location.search);
let taking;
let token;
let madeAt = 0;

const ask = async (more) => {
  try {
    return await (await fetch(api + '/crossing?site=' + site + more)).json();
  } catch {
    return {};
  }
};

/** Has a token at hand by the time that a link is followed. The tracker takes it for twice as long as we do. */
export const prepare = async () => {
  if (data.domains && Date.now() - madeAt > 3e5 && mayKnow()) {
    madeAt = Date.now();
    token = (await ask('&visitor=' + visitor())).token;
  }
};

/** The address with the token, if there is one. */
export const decorate = (url) => {
  if (token) url.search = url.search.replace(FOUND, '') + '&hl_visitor=' + token;
  return url.href;
};

/** Takes up what another domain handed over, once it may be; hits wait for the promise. */
export const takeUp = async () => {
  if (arrived && mayKnow())
    taking = taking || ask('&token=' + arrived[1]).then((answer) => answer.visitor && keep(answer.visitor));
  return taking;
};

if (arrived) safely(() => history.replaceState(history.state, '', location.href.replace(FOUND, '')))();
