/* Hitledger, see docs/snippet.md */
(function (window, document) {
var TYPES = /^(page|event|click|view|conversion|adjustment)$/;
var script = document.currentScript || document.querySelector('script[data-site][src*="/t.js"]');
var stub = window.hitledger || {}, memory = {}, sending = {}, page;
if (!script || stub.site) return;
var site = script.getAttribute('data-site');
var api = (script.getAttribute('data-api') || script.src.replace(/\/t\.js.*/, '')) + '/collect';

function safely(work) {
  return function () { try { return work.apply(this, arguments); } catch (e) {} };
}

var load = safely(function (key) { return localStorage.getItem(key); });
var save = safely(function (key, text) { localStorage.setItem(key, text); return true; });
var cookie = safely(function (key) {
  return RegExp('(^|; )' + key + '=([\\w.:-]{1,64})(;|$)').exec(document.cookie)[2];
});

function newId() {
  return (Date.now().toString(36) + Math.random() + Math.random()).replace(/0\./g, '');
}

/* For the widest domain allowed: www.shop and shop share it. */
var setCookie = safely(function (id) {
  var parts = location.hostname.split('.'), n = parts.length, domain;
  do {
    domain = n-- ? ';domain=' + parts.slice(n).join('.') : '';
    document.cookie = '_hl_try=1' + domain;
  } while (domain && !cookie('_hl_try'));
  document.cookie = '_hl_try=;max-age=0' + domain;
  document.cookie = '_hl=' + id + ';path=/;max-age=34164000;samesite=lax' + domain;
});

/* Where neither may be kept there is none: the server has a stand-in for the day. */
function visitor() {
  var id = cookie('_hl') || load('_hl') || newId();
  setCookie(id);
  return save('_hl', id) || cookie('_hl') ? id : undefined;
}

function keep(change) {
  memory = safely(JSON.parse)(load('_hl_queue')) || memory;
  change(memory);
  save('_hl_queue', JSON.stringify(memory));
}

/* A hit is kept until the server has it, or refuses it. */
function flush() {
  var hits = [], size = 0;
  keep(function (queue) {
    for (var id in queue) {
      size += JSON.stringify(queue[id]).length;
      if (sending[id] || (hits[0] && size > 5e4)) continue;
      sending[id] = queue[id].sent = Date.now();
      hits.push(queue[id]);
    }
  });
  if (hits[0]) post(JSON.stringify(hits), safely(function (status) {
    keep(function (queue) {
      hits.forEach(function (hit) {
        delete sending[hit.id];
        if (status && status < 500 && status !== 429) delete queue[hit.id];
      });
    });
  }));
}

function post(body, done) {
  if (!window.fetch) return done(navigator.sendBeacon(api, body) ? 200 : 0);
  fetch(api, { method: 'POST', body: body, keepalive: true, credentials: 'omit' })
    .then(function (answer) { done(answer.status); }, function () { done(0); });
}

function send(hit, given) {
  var own = { site: site, id: newId(), ts: Date.now(), visitor: visitor(), url: location.href.slice(0, 8192) };
  [own, given].forEach(function (more) { for (var key in more) hit[key] = more[key]; });
  hit = JSON.parse(JSON.stringify(hit));
  keep(function (queue) {
    queue[hit.id] = hit;
    Object.keys(queue).slice(0, -50).forEach(function (id) { delete queue[id]; });
  });
  flush();
}

var showPage = safely(function () {
  var url = location.href.split('#')[0], ref = page || document.referrer;
  if (url !== page) send({ type: 'page', ref: ref.slice(0, 8192), title: document.title.slice(0, 1024) });
  page = url;
});

var hitledger = window.hitledger = safely(function (what, given) {
  if (what) send(TYPES.test(what) ? { type: what } : { type: 'conversion', name: what }, given);
});
hitledger.site = site;

var start = safely(function () {
  showPage();
  (stub.q || []).forEach(function (call) { hitledger.apply(null, call); });
  if (!script.hasAttribute('data-spa')) return;
  var push = history.pushState, later = function () { setTimeout(showPage, 50); };
  history.pushState = function () { push.apply(this, arguments); later(); };
  window.addEventListener('popstate', later);
});
if (document.prerendering) document.addEventListener('prerenderingchange', start);
else start();
})(window, document);
