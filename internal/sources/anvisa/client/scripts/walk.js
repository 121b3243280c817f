// script: walk
// One step through the results table: "route" opens a listing, "size" chooses the rows a page, "next" turns the page,
// "page" turns to a page, or to the one that the pager shows nearest to it.
// It returns once the table is really another one: the overlay is gone while old rows may still be there.
const [command, value, patience] = arguments;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const all = (selector) => Array.from(document.querySelectorAll(selector));
const number = (node) => (node ? Number(node.textContent.trim()) : 0);
const text = (node) => node.textContent.trim();
const results = () => location.hash.startsWith('#/bulario/q');
const loading = () => document.querySelector('.dw-loading-active') !== null;
const products = () => all('table.ng-table tbody tr').filter((row) => row.querySelector('a[href*="/medicamentos/"]'));
const sizes = () => all('.ng-table-counts button');
const sign = () => products().map((row) => row.querySelector('a[href*="/medicamentos/"]').getAttribute('href'));
const page = () => number(document.querySelector('.ng-table-pagination li.active a')) || 1;
const size = () => number(sizes().find((button) => button.classList.contains('active')));

// How the page's own request ended: its XHRs are in the browser's books, of a fetch only if the page has read its body.
const listing = '/api/consulta/bulario';
// What the form asks for whenever the page shows it again, as it does after an empty listing: each takes a turn, too.
const form = 'tipoCategoriaRegulatoria'; // relative or not
if (!window.drugslmListens) {
  const fetch = window.fetch;
  const open = XMLHttpRequest.prototype.open;
  const note = (url) => { window.drugslmForms += String(url).includes(form) ? 1 : 0; };
  window.drugslmListens = true;
  window.drugslmForms = 0; // since they were told last
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    note(url);
    return open.call(this, method, url, ...rest);
  };
  window.fetch = async (...request) => {
    note(request[0] instanceof Request ? request[0].url : request[0]);
    const response = await fetch(...request);
    if (response.url.includes(listing)) {
      window.drugslmAnswer = {responseStatus: response.status, contentType: response.headers.get('content-type')};
    }
    return response;
  };
}
const request = () => window.drugslmAnswer || performance.getEntriesByType('resource')
  .filter((entry) => entry.name.includes(listing) && entry.responseEnd > 0).pop();

const read = (row) => {
  const cells = Array.from(row.querySelectorAll('td'));
  const at = (index) => (cells[index] ? text(cells[index]) : '');
  const linked = (index) => cells[index] !== undefined && cells[index].querySelector('a') !== null;
  return {
    href: row.querySelector('a[href*="/medicamentos/"]').getAttribute('href'), cells: cells.length, name: at(1),
    company: at(2), expediente: at(3), date: at(4), patient: linked(5), professional: linked(6),
  };
};
const told = () => { const forms = window.drugslmForms; window.drugslmForms = 0; return forms; };
const table = (more) => ({
  rows: products().map(read), page: page(), last: number(document.querySelector('a[ng-switch-when="last"]')) || 1,
  size: size(), sizes: sizes().map(number), empty: false, stuck: false, status: 0, html: false,
  strange: all('table.ng-table tbody tr').filter((row) => row.querySelectorAll('td').length > 4).length - products().length,
  headings: all('table.ng-table thead th').slice(0, 30).map((th) => th.textContent.trim().slice(0, 100)).filter((t) => t !== ''),
  selectors: Object.fromEntries(['table.ng-table', '.dw-loading-overlay', '.ng-table-pager', 'a[href*="/medicamentos/"]'].map((s) => [s, all(s).length])),
  forms: told(),
  ...more,
});

let nearest = 0; // the page that the pager shows next to the one that is wanted
const before = sign();
const toasts = new Set(all('.toast-warning'));
const warned = () => all('.toast-warning').some((toast) => !toasts.has(toast));
performance.clearResourceTimings();
window.drugslmAnswer = undefined;
if (command === 'route') {
  if (location.hash === value) { // the same again: only a detour makes the page ask anew
    location.hash = '#/bulario/';
    await sleep(100);
  }
  location.hash = value;
} else {
  const distance = (link) => Math.abs(number(link) - value);
  const links = all('.ng-table-pagination a').filter((link) => number(link) > 0).sort((a, b) => distance(a) - distance(b));
  nearest = number(links[0]);
  const target = {
    size: () => sizes().find((button) => number(button) === value),
    next: () => document.querySelector('.ng-table-pagination a[ng-switch-when="next"]'),
    page: () => (nearest === page() ? undefined : links[0]),
  }[command]();
  if (!target) {
    return table({stuck: true});
  }
  target.click();
}
const arrived = {route: results, size: () => size() === value, next: () => page() === value, page: () => page() === nearest}[command];

const end = performance.now() + patience;
for (let last = '', since = performance.now(); performance.now() < end; await sleep(50)) {
  const sent = request();
  const html = sent !== undefined && String(sent.contentType || '').includes('html');
  if (sent !== undefined && (sent.responseStatus >= 400 || html)) {
    return table({stuck: true, status: sent.responseStatus, html});
  }
  if (command === 'route' && !results() && !loading() && warned()) {
    return table({rows: [], strange: 0, empty: true});
  }
  const now = JSON.stringify(sign());
  if (sent === undefined || loading() || !arrived() || now !== last) {
    [last, since] = [now, performance.now()];
    continue;
  }
  // Other rows are believed soon. None, or the same as before, are either yet to change or a page that got lost.
  const another = sign().length > 0 && now !== JSON.stringify(before);
  if (performance.now() - since > (another ? 200 : 3000)) {
    return table({});
  }
}
return table({stuck: true});
