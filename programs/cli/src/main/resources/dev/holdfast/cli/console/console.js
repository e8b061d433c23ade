'use strict';
const $ = id => document.getElementById(id);
const RETRY_MS = [1000, 2000, 5000, 10000];
const HIDDEN_MS = 60000;
const SILENT_MS = 15000;
const SHOWN_SILENT = 5;
const DOCUMENTS = 'https://github.com/holdfast-dev/holdfast/blob/main/docs/';
const TITLES = {services: 'Services', connections: 'Connections', closed: 'Closed connections', streams: 'Streams',
  ended: 'Ended streams', gateways: 'Gateways', xds: 'xDS clients', timeline: 'Timeline'};
const HEALTH = {eligible: 'good', unready: 'warn', draining: 'warn', 'no endpoint': 'bad', answers: 'good', ATTACHED: 'good',
  OPEN: 'good', DETACHED: 'warn', RESUMING: 'warn', WAITING: 'warn', connected: 'good', unhealthy: 'bad', unreachable: 'bad', ejected: 'bad'};
const EVENT_COLUMNS = [['TIME', 'at_ms'], ['KIND', 'kind'], ['SUBJECT', 'subject'], ['WHAT', 'what'], ['DETAIL', 'detail']]
  .map(([head, field]) => ({head, field, sorts: false}));
const MOMENTS = new Set(['closed_ms', 'ended_ms', 'opened_ms', 'at_ms', 'now_ms', 'started_ms']);
const AGES = new Set(['age_ms', 'unchanged_ms', 'unacked_ms']);
const KEPT = new Set(['id', 'state', 'admin', 'health']);
const MONO = new Set(['endpoint', 'peer', 'local', 'id', 'method', 'instance', 'subject']);

let info = {views: [], registry: '', may_act: false};
let query = {view: 'services'};
let pages = [];
let shown = null;
let streaming = null;
let failures = 0;
let heardAt = 0;
let hiddenTimer = 0;

const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.has('token')) {
  sessionStorage.setItem('token', fragment.get('token'));
  fragment.delete('token');
  history.replaceState(null, '', '#' + fragment);
}

function el(tag, props, ...children) {
  const node = Object.assign(document.createElement(tag), props || {});
  for (const child of children) node.append(child);
  return node;
}
function request(path, options = {}) {
  const headers = {...options.headers};
  const token = sessionStorage.getItem('token');
  if (token) headers.authorization = 'Bearer ' + token;
  return fetch(path, {cache: 'no-store', ...options, headers});
}
async function post(path) {
  const answer = await request(path, {method: 'POST', headers: {'x-holdfast-admin': 'console'}});
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.refused);
  return body;
}
const view = () => info.views.find(each => each.view === query.view) || {view: query.view};
const number = value => value.toLocaleString('en');
function age(millis) {
  const s = Math.floor(millis / 1000);
  if (millis < 1000) return (millis / 1000).toFixed(1) + ' s';
  if (s < 60) return s + ' s';
  if (s < 3600) return Math.floor(s / 60) + ' min ' + s % 60 + ' s';
  if (s < 86400) return Math.floor(s / 3600) + ' h ' + Math.floor(s % 3600 / 60) + ' min';
  return Math.floor(s / 86400) + ' d ' + Math.floor(s % 86400 / 3600) + ' h';
}
function text(field, value) {
  if (value === undefined || value === null || value === '') return '\u2013';
  if (MOMENTS.has(field)) return value ? new Date(value).toLocaleString('sv') : '\u2013';
  if (AGES.has(field)) return age(value);
  return typeof value === 'number' ? number(value) : String(value);
}

/* ---- tables ---- */

function table(columns, rows, caption, open) {
  const head = el('tr');
  for (const column of columns) {
    const cell = el('th', {scope: 'col'});
    if (column.sorts) {
      const sorted = (query.sort || view().sort) === column.field;
      const ascending = sorted && isAscending();
      if (sorted) cell.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      cell.append(el('button', {type: 'button', onclick: () => sortBy(column.field)},
        column.head.toLowerCase() + (sorted ? (ascending ? ' \u2191' : ' \u2193') : '')));
    } else {
      cell.append(column.head.toLowerCase());
    }
    head.append(cell);
  }
  const body = el('tbody');
  for (const row of rows) {
    const line = el('tr', {tabIndex: 0});
    line.onclick = () => open(row);
    line.onkeydown = event => { if (event.key === 'Enter') open(row); };
    for (const column of columns) line.append(cell(column, row));
    body.append(line);
  }
  return el('div', {className: 'card'},
    el('table', {}, el('caption', {}, caption), el('thead', {}, head), body));
}
function cell(column, row) {
  const value = row[column.field];
  const numeric = typeof value === 'number' && !MOMENTS.has(column.field);
  const node = el('td', {className: numeric ? 'n' : MONO.has(column.field) ? 'mono' : ''});
  if (KEPT.has(column.field)) node.classList.add('keep');
  node.dataset.label = column.head.toLowerCase();
  const health = HEALTH[value] || (typeof value === 'string' && value.startsWith('silent') ? 'bad' : '');
  if (['state', 'admin', 'health'].includes(column.field) && health) node.append(el('span', {className: 'dot ' + health}));
  if (column.field === 'what' && row.trouble) node.classList.add('bad-text');
  if (column.field === 'end' && row.lost) node.classList.add('bad-text');
  if (column.field === 'code' && row.explanation) node.title = row.explanation;
  node.append(column.field === 'id' ? String(value).slice(0, 12) : text(column.field, value));
  return node;
}
const isAscending = () => query.order ? query.order === 'asc' : Boolean(view().ascending);
function sortBy(field) {
  const same = (query.sort || view().sort) === field;
  const order = same ? (isAscending() ? 'desc' : 'asc') : 'desc';
  go({...query, sort: field, order});
}

/* ---- views ---- */

function show(state) {
  shown = state;
  const focus = focused();
  fill(state);
  refocus(focus);
}
/* The table is made anew each second: the keyboard stays where it was. */
function focused() {
  const active = document.activeElement;
  if (!$('rows').contains(active)) return null;
  return active.tagName === 'TR' ? {row: active.rowIndex} : {head: active.textContent.split(' ')[0]};
}
function refocus(focus) {
  if (!focus) return;
  const target = focus.row === undefined
    ? [...$('rows').querySelectorAll('th button')].find(each => each.textContent.startsWith(focus.head))
    : $('rows').querySelectorAll('tr')[focus.row];
  target?.focus({preventScroll: true});
}
function fill(state) {
  $('chart').replaceChildren();
  const columns = view().columns;
  if (columns) {
    $('rows').replaceChildren(state.rows.length
      ? table(columns, state.rows, TITLES[query.view], details)
      : none(emptyText(state)));
    $('fleet').textContent = `${state.answering} of ${state.instances} processes answer`;
    const troubles = state.silent.slice(0, SHOWN_SILENT)
      .map(each => `${each.address} does not answer for ${age(each.for_ms)}: ${each.cause}`);
    const further = state.instances - state.answering - troubles.length;
    if (troubles.length && further > 0) troubles.push(`${number(further)} further processes do not answer: services, admin`);
    const refusing = state.refusing.slice(0, SHOWN_SILENT);
    for (const each of refusing) troubles.push(`${each.address} refuses this, and its rows are missing: ${each.cause}`);
    if (state.refused > refusing.length) troubles.push(`${number(state.refused - refusing.length)} further processes refuse this`);
    if (state.trouble) troubles.unshift('registry: ' + state.trouble);
    if (state.skipped) troubles.push(`${number(state.skipped)} services are not shown: more than there is room`);
    $('silent').textContent = troubles.join('\n');
    $('silent').hidden = !troubles.length;
    const of = state.matched === state.total ? number(state.total) : `${number(state.matched)} of ${number(state.total)}`;
    $('count').textContent = `page ${pages.length + 1}, ${number(state.rows.length)} rows of ${of}`;
    $('next').disabled = !state.more;
  } else {
    $('silent').hidden = true;
    $('next').disabled = true;
    if (query.view === 'gateways') gateways(state.rows);
    else if (query.view === 'xds') controls(state.rows);
    else timeline(state);
  }
  $('previous').disabled = !pages.length;
  $('pages').hidden = !columns;
  document.body.dataset.ready = query.view;
}
function emptyText(state) {
  if (query.view !== 'services' && !state.instances) {
    return 'No process shows itself: set HOLDFAST_ADMIN=on at the processes, or name one by --admin-address.';
  }
  return state.total ? 'Nothing matches the filter.' : 'None.';
}
const none = words => el('div', {className: 'card'}, el('div', {className: 'title muted'}, words));

function foreign(rows, option, one) {
  $('count').textContent = `${number(rows.length)} ${TITLES[query.view].toLowerCase()}`;
  if (!rows.length) {
    $('rows').replaceChildren(none(`None is named: start the console with ${option} HOST:PORT, the --admin address.`));
    return;
  }
  $('rows').replaceChildren(...rows.map(row => {
    const title = el('div', {className: 'title'}, el('strong', {}, row.address));
    const card = el('div', {className: 'card'}, title);
    if (row.trouble) title.append(el('span', {className: 'bad-text'}, row.trouble));
    try {
      if (row.state) one(card, title, typeof row.state === 'string' ? JSON.parse(row.state) : row.state);
    } catch (e) {
      title.append(el('span', {className: 'bad-text'}, 'its answer is not what this console knows: ' + e.message));
    }
    return card;
  }));
}
function gateways(rows) {
  foreign(rows, '--gateway', (card, title, state) => {
    title.append(el('span', {}, state.state.toLowerCase()), el('span', {className: 'muted'}, 'up ' + age(state.uptimeSeconds * 1000)),
      el('span', {}, state.total.perSecond.toFixed(1) + ' calls/s'),
      el('span', {className: state.total.failedPercent > 0 ? 'bad-text' : 'muted'}, state.total.failedPercent.toFixed(1) + ' % failed'),
      el('span', {className: 'muted'}, 'config ' + state.config.hash + ' since ' + new Date(state.config.appliedAt).toLocaleString('sv')));
    if (state.config.refused) card.append(el('div', {className: 'title bad-text'}, 'file refused: ' + state.config.refused));
    const endpoints = state.clusters.flatMap(cluster => cluster.endpoints.length
      ? cluster.endpoints.map(each => ({cluster: cluster.cluster, endpoint: each.address, health: each.health, zone: each.zone,
          connections: each.connections, open: each.open, trouble: each.trouble || each.checkNote || ''}))
      : [{cluster: cluster.cluster, endpoint: '', health: 'no endpoint', trouble: cluster.trouble || ''}]);
    card.append(plain('Endpoints', ['cluster', 'endpoint', 'health', 'zone', 'connections', 'open', 'trouble'], endpoints));
    card.append(plain('Routes', ['route', 'match', 'target', 'perSecond', 'failedPercent', 'p50Millis', 'p99Millis', 'ended'], state.routes));
  });
}
function controls(rows) {
  foreign(rows, '--control', (card, title, state) => {
    title.append(el('span', {}, state.serving ? 'serving' : 'not serving yet'),
      el('span', {className: 'muted'}, `${number(state.total_clients ?? (state.clients || []).length)} clients`));
    const clients = (state.clients || []).map(client => ({...client, types: (client.types || []).map(type =>
      `${type.type} ${type.accepted}` + (type.rejected ? `, ${type.rejected} rejected` : '')).join('; '),
      rejection: (client.types || []).map(type => type.rejection).filter(Boolean).join('; ')}));
    card.append(plain('Clients', ['node', 'agent', 'version', 'peer', 'zone', 'variant', 'types', 'rejection'], clients));
  });
}
const HEADS = {perSecond: 'calls/s', failedPercent: '% failed', p50Millis: 'p50 ms', p99Millis: 'p99 ms'};
function plain(caption, fields, rows) {
  const columns = fields.map(field => ({head: HEADS[field] || field, field, sorts: false}));
  const made = table(columns, rows.map(row => Object.fromEntries(Object.entries(row).map(([key, value]) =>
    [key, typeof value === 'number' ? Math.round(value * 100) / 100 : value]))), caption, details);
  return made.firstChild;
}
function timeline(state) {
  $('count').textContent = `${number(state.rows.length)} changes in the last hour`;
  $('rows').replaceChildren(state.rows.length ? table(EVENT_COLUMNS, state.rows, TITLES.timeline, details)
    : none('Nothing has changed since the console began.'));
  const NS = 'http://www.w3.org/2000/svg', minutes = 60, width = 600, height = 56;
  const all = new Array(minutes).fill(0), bad = new Array(minutes).fill(0);
  for (const row of state.rows) {
    const ago = Math.floor((state.time_ms - row.at_ms) / 60000);
    if (ago >= 0 && ago < minutes) { all[ago]++; if (row.trouble) bad[ago]++; }
  }
  const most = Math.max(1, ...all), svg = document.createElementNS(NS, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `changes per minute in the last hour, at most ${most}`);
  const bar = (ago, count, color) => {
    const rect = document.createElementNS(NS, 'rect'), tall = count / most * (height - 2);
    rect.setAttribute('x', (minutes - 1 - ago) * width / minutes + 1);
    rect.setAttribute('y', height - tall);
    rect.setAttribute('width', width / minutes - 2);
    rect.setAttribute('height', tall);
    rect.setAttribute('fill', color);
    svg.append(rect);
  };
  all.forEach((count, ago) => { if (count) bar(ago, count, 'var(--accent)'); });
  bad.forEach((count, ago) => { if (count) bar(ago, count, 'var(--bad)'); });
  $('chart').replaceChildren(el('div', {className: 'card'}, svg));
}

/* ---- details and actions ---- */

function details(row) {
  $('details-title').textContent = row.endpoint || row.peer || row.subject || row.id || row.cluster || TITLES[query.view];
  $('details-text').textContent = row.explanation || '';
  $('fields').replaceChildren(...Object.entries(row).filter(([field]) => field !== 'explanation').flatMap(([field, value]) =>
    [el('dt', {}, field), el('dd', {}, typeof value === 'object' && value ? JSON.stringify(value) : text(field, value))]));
  if (row.code && row.reason) {
    const page = `${DOCUMENTS}close-reasons.md#${row.code.toLowerCase()}-${row.reason.toLowerCase()}`;
    $('details-text').append(' ', el('a', {href: page, target: '_blank', rel: 'noopener'}, `What ${row.code} means`));
  }
  const buttons = [];
  if (query.view === 'services' && row.endpoint) {
    const draining = row.state !== 'draining';
    const registry = info.registry ? ['--registry', info.registry] : [];
    const drain = draining ? 'drain' : 'undrain';
    buttons.push(el('button', {type: 'button', id: 'explain', onclick: () => explain(row)}, 'Explain'),
      el('button', {type: 'button', id: 'open-split', disabled: !info.may_split, title: splitHint(), onclick: () => openSplit(row)},
        'Split\u2026'));
    buttons.push(copyButton('explain', 'holdfast', 'explain', row.service, '--endpoint', row.endpoint, ...registry),
      copyButton(drain, 'holdfast', drain, row.service, '--endpoint', row.endpoint, ...registry),
      copyButton('split', 'holdfast', 'split', row.service, (row.metadata?.version || 'v2') + '=10%'),
      copyButton('doctor', 'holdfast', 'doctor', 'path', row.endpoint));
    buttons.push(el('button', {type: 'button', className: draining ? 'act' : '', disabled: !info.may_act || !row.process_key,
      id: 'drain', title: actionHint(row), onclick: () => askToDrain(row, draining)}, draining ? 'Drain\u2026' : 'Take back into service\u2026'));
  }
  buttons.push(el('button', {type: 'button', onclick: () => copy(command(row))}, 'Copy command'),
    el('button', {type: 'button', id: 'close', onclick: () => $('details').close()}, 'Close'));
  $('actions').replaceChildren(...buttons);
  $('details').showModal();
}
function copyButton(what, ...words) {
  const command = words.map(quoted).join(' ');
  return el('button', {type: 'button', title: command, onclick: () => copy(command)}, `Copy ${what} command`);
}
function actionHint(row) {
  if (!row.process_key) return 'its process has no admin service (HOLDFAST_ADMIN)';
  return info.may_act ? '' : 'actions need the link that the console printed at its start, or /#token= and the token';
}
async function explain(row) {
  try {
    const answer = await request('/api/explain?' + new URLSearchParams({endpoint: row.endpoint}));
    const body = await answer.json();
    $('details-text').textContent = answer.ok ? body.lines.join('\n') : body.refused;
  } catch (e) {
    $('details-text').textContent = 'Not explained: ' + e.message;
  }
}
function splitHint() {
  if (info.may_split) return '';
  return info.may_act ? 'the console was started without --policy' : actionHint({process_key: 'any'});
}
async function openSplit(row) {
  $('details').close();
  $('split-title').textContent = `Split the calls of ${row.service}`;
  $('subset').value = row.metadata?.version || 'v2';
  const ask = async change => {
    try {
      const answer = change ? await post('/api/split?' + new URLSearchParams({service: row.service, ...change}))
        : await (await request('/api/shares?' + new URLSearchParams({service: row.service}))).json();
      $('split-text').textContent = answer.refused || 'Now: ' + answer.split;
    } catch (e) {
      $('split-text').textContent = 'Not done: ' + e.message;
    }
  };
  $('split-yes').onclick = () => ask({subset: $('subset').value.trim(), percent: $('percent').value});
  $('split-clear').onclick = () => ask({clear: true});
  $('split-close').onclick = () => $('split').close();
  $('split-text').textContent = '';
  $('split').showModal();
  ask();
}
function askToDrain(row, draining) {
  $('details').close();
  $('ask-title').textContent = draining ? `Drain ${row.endpoint}?` : `Take ${row.endpoint} back?`;
  $('ask-text').textContent = draining
    ? 'Clients send new calls to the other endpoints. Open calls go on, and the process keeps running.'
    : 'Clients send new calls there again.';
  $('yes').textContent = draining ? 'Drain' : 'Take back';
  $('yes').onclick = async () => {
    $('ask').close();
    try {
      await post('/api/drain?' + new URLSearchParams({process: row.process_key, endpoint: row.endpoint, draining}));
    } catch (e) {
      lost('Not done: ' + e.message);
    }
  };
  $('ask').showModal();
}
$('no').onclick = () => $('ask').close();

const quoted = word => /^[\w.,:/@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
function command(row) {
  const words = ['holdfast'];
  if (query.view === 'gateways') words.push('gateway', 'status', shown?.rows?.[0]?.address || '');
  else if (query.view === 'xds') words.push('control', 'status', shown?.rows?.[0]?.address || '');
  else {
    words.push('top');
    if (info.registry) words.push('--registry', info.registry);
    words.push('--view', query.view === 'timeline' ? 'closed' : query.view);
    if (query.sort) words.push('--sort', query.sort);
    if (query.order === 'asc') words.push('--ascending');
    if (query.view !== 'services') for (const filter of filters()) words.push('--filter', filter);
    if (row && row.id) words.push('--filter', 'id=' + row.id);
  }
  return words.filter(Boolean).map(quoted).join(' ');
}
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    $('copy').textContent = 'Copied';
  } catch (e) {
    lost('Not copied, here it is: ' + words);
  }
  setTimeout(() => { $('copy').textContent = 'Copy command'; }, 1500);
}
$('copy').onclick = () => copy(command());

/* ---- what is asked for, and the events ---- */

const filters = () => (query.filter || '').split(/\s+/).filter(Boolean);
function parameters(page) {
  const all = new URLSearchParams({view: query.view});
  for (const key of ['sort', 'order']) if (query[key]) all.set(key, query[key]);
  for (const filter of filters()) all.append('filter', filter);
  if (page) all.set('page', page);
  return all;
}
function go(next) {
  query = next;
  pages = [];
  const state = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  history.replaceState(null, '', '#' + state);
  for (const button of $('views').children) {
    if (button.dataset.view === query.view) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  }
  const rows = Boolean(view().columns);
  $('filter').hidden = $('filter-label').hidden = $('filter-help').hidden = !rows;
  $('filter').value = query.filter || '';
  $('filter-help').textContent = query.view === 'services' ? 'words that a row contains'
    : 'field=text, field!=text, field~part, field>number, field<number';
  document.title = TITLES[query.view] + ' - Holdfast console';
  follow();
}
function lost(words) {
  $('lost').textContent = words;
  $('lost').hidden = !words;
}
async function follow() {
  if (streaming) streaming.abort();
  const own = streaming = new AbortController();
  heardAt = Date.now();
  try {
    const answer = await request('/api/events?' + parameters(pages.at(-1)), {signal: own.signal});
    if (!answer.ok) {
      lost((await answer.json()).refused);
      live(false);
      if (answer.status >= 500) retry(own);
      return;
    }
    let rest = '';
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const {done, value} = await reader.read();
      if (done) break;
      heardAt = Date.now();
      const parts = (rest + value).split('\n\n');
      rest = parts.pop();
      parts.forEach(take);
    }
    retry(own);
  } catch (e) {
    if (own.signal.aborted) return;
    retry(own);
  }
}
function take(part) {
  const event = /^event: (.*)$/m.exec(part)?.[1], data = /^data: (.*)$/m.exec(part)?.[1];
  if (!data) return;
  failures = 0;
  live(true);
  const state = JSON.parse(data);
  if (event === 'refused') {
    lost(state.refused);
    return;
  }
  lost('');
  if (state.view === query.view) show(state);
}
function live(good) {
  $('live').textContent = good ? 'live' : 'not connected';
  $('live').className = 'badge ' + (good ? 'good' : 'bad');
}
function retry(own) {
  if (own !== streaming) return;
  live(false);
  const since = shown ? new Date(shown.time_ms).toLocaleTimeString('sv') : null;
  lost('The console does not answer; ' + (since ? `what you see is of ${since}.` : 'nothing is known yet.'));
  setTimeout(() => { if (own === streaming && !document.hidden) follow(); }, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
}
/* The console says something each second. A network that forgot the connection, while the computer slept, says nothing. */
setInterval(() => {
  if (!streaming || document.hidden || Date.now() - heardAt < SILENT_MS) return;
  heardAt = Date.now();
  const silent = streaming;
  retry(silent);
  silent.abort();
}, 1000);
/* A page that nobody sees costs nothing after a minute, and one that slept for an hour goes on at once. */
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(() => { streaming?.abort(); streaming = null; }, HIDDEN_MS);
  } else if (!streaming || $('live').textContent !== 'live') {
    follow();
  }
});

$('tools').onsubmit = event => event.preventDefault();
let typing = 0;
$('filter').oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(() => go({...query, filter: $('filter').value.trim()}), 300);
};
$('next').onclick = async () => {
  try {
    pages.push((await post('/api/next?' + parameters(pages.at(-1)))).page);
    follow();
  } catch (e) {
    lost(e.message);
  }
};
$('previous').onclick = () => { pages.pop(); follow(); };
document.addEventListener('keydown', event => {
  if (event.target instanceof HTMLInputElement || document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey) return;
  const chosen = info.views[Number(event.key) - 1];
  if (chosen) go({view: chosen.view});
  else if (event.key === '/') { event.preventDefault(); $('filter').focus(); }
  else if (event.key === 'n' && !$('next').disabled) $('next').click();
  else if (event.key === 'p' && !$('previous').disabled) $('previous').click();
});

async function begin() {
  try {
    const answer = await request('/api/info');
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.refused);
    info = body;
    $('registry').textContent = info.registry;
    $('views').replaceChildren(...info.views.map(each =>
      el('button', {type: 'button', onclick: () => go({view: each.view})}, TITLES[each.view] || each.view)));
    info.views.forEach((each, i) => { $('views').children[i].dataset.view = each.view; });
    const wanted = Object.fromEntries(fragment);
    go(info.views.some(each => each.view === wanted.view) ? wanted : {view: 'services'});
  } catch (e) {
    live(false);
    lost(e.message);
    setTimeout(begin, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }
}
begin();
