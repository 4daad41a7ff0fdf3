/*
 * Crossing: a parameter of a link takes the visitor's id to another domain of the site. Its value is a token that the
 * tracker signs. A token is valid once, for some minutes.
 */

import { mayKnow } from './consent.js';
import { safely } from './own.js';
import { api, data, site, words } from './script.js';
import { keep, visitor } from './visitor.js';

const FOUND = /hl_visitor=([\w-]+)&?/;

/**
 * The token in the page's address, if the previous page was on a domain of the site. A link from a stranger's page must
 * not give anybody an id.
 */
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

/** Keeps a token ready for the next link. The tracker accepts a token for ten minutes; here it is used for five. */
export const prepare = async () => {
  if (data.domains && Date.now() - madeAt > 3e5 && mayKnow()) {
    madeAt = Date.now();
    token = (await ask('&visitor=' + visitor())).token;
  }
};

/** Adds the token, if there is one, to the address of a link. */
export const decorate = (url) => {
  if (token) url.search = url.search.replace(FOUND, '') + '&hl_visitor=' + token;
  return url.href;
};

/** Takes over the visitor's id from the other domain, once consent allows it. Hits wait for the returned promise. */
export const takeUp = async () => {
  if (arrived && mayKnow())
    taking = taking || ask('&token=' + arrived[1]).then((answer) => answer.visitor && keep(answer.visitor));
  return taking;
};

if (arrived) safely(() => history.replaceState(history.state, '', location.href.replace(FOUND, '')))();
