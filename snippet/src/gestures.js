/*
 * Gestures: turns clicks and submitted forms into events and conversions, if attributes of the page's elements or
 * `data-auto` say so.
 */

import { decorate, prepare } from './crossing.js';
import { on } from './own.js';
import { data, words } from './script.js';

/** Watches the page, and calls `send` with each hit. */
export const watchGestures = (send) => {
  on(document, 'pointerover focusin', prepare);
  on(document, 'click auxclick submit', ({ target, button, type }) => {
    if (button > 1) return;
    const isSubmit = type == 'submit';
    for (type of ['event', 'conversion']) {
      const element = target.closest('[data-hl-' + type + ']');
      if (element && element.matches('form') == isSubmit) {
        const given = (name) => element.getAttribute('data-hl-' + name);
        send({ type, name: given(type), order: given('order'), value: given('value'), currency: given('currency') });
      }
    }
    const way = isSubmit ? 'action' : 'href';
    const link = isSubmit ? target : target.closest('[href]');
    const url = new URL(link[way]);
    const isOther = url.host && url.host != location.host;
    const isOurs = isOther && words(data.domains).includes(url.hostname);
    if (isOurs) link[way] = decorate(url);
    const name = isSubmit
      ? 'form'
      : /\.(pdf|zip|gz|dmg|exe|apk|csv|mp[34]|(doc|xls|ppt)x?)$/i.test(url.pathname)
        ? 'download'
        : isOther && !isOurs && 'outbound';
    if (words(data.auto).includes(name)) send({ type: 'event', name, props: { href: url.href.slice(0, 500) } });
  });
};
