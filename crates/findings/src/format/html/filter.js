
'use strict';
// Filters of the timeline and the list. Without this script everything can be read, and the boxes of
// severities work through the style sheet.
const byId = id => document.getElementById(id);
const choices = byId('choices');
if (choices) {
  const search = byId('search'), shown = byId('shown'), order = byId('order'), chart = byId('chart');
  const body = byId('rows').tBodies[0];
  const rows = [...body.rows];
  const sections = new Map([...document.querySelectorAll('article.item')].map(it => ['#' + it.id, it]));
  const items = rows.map(row => {
    const link = row.querySelector('a[href^="#f-"]');
    return { row, section: link && sections.get(link.getAttribute('href')), text: null, of: row.dataset.e.split(' ') };
  });
  const boxes = [...document.querySelectorAll('.chips input')];
  const selects = [...choices.querySelectorAll('select[data-of]')];
  const bars = [...chart.querySelectorAll('.bar')].map(group => ({
    group, at: Number(group.dataset.b), title: group.querySelector('title'),
    rects: [...group.querySelectorAll('rect:not(.hit)')],
  }));
  const [base, height, most] = ['base', 'height', 'top'].map(name => Number(chart.dataset[name]));
  let range = null;

  // Texts of sections are long: they are taken when somebody searches.
  const textOf = item => item.text ??= ((item.section || item.row).textContent + item.row.textContent).toLowerCase();
  const severity = row => row.classList[1];
  const number = value => value.toLocaleString('en');

  const drawBar = (bar, counts) => {
    let below = 0;
    const parts = [];
    for (const rect of bar.rects) {
      const count = counts?.get(rect.classList[0]) ?? 0;
      const y = base - Math.floor(height * (below + count) / most);
      rect.setAttribute('y', y);
      rect.setAttribute('height', base - Math.floor(height * below / most) - y);
      below += count;
      if (count) parts.push(count + ' ' + rect.classList[0]);
    }
    const label = bar.group.dataset.from + ' — ' + (parts.join(', ') || 'none');
    bar.title.textContent = label;
    const isOn = range !== null && range[0] <= bar.at && bar.at <= range[1];
    bar.group.setAttribute('aria-label', label);
    bar.group.setAttribute('aria-pressed', isOn);
    bar.group.classList.toggle('off', range !== null && !isOn);
  };

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(boxes.filter(box => !box.checked).map(box => box.id.slice('show-'.length)));
    const wanted = selects.filter(it => it.value !== '').map(it => [it.dataset.of, it.value]);
    const perBar = new Map();
    let count = 0;
    for (const item of items) {
      const { row, section } = item;
      const fits = !off.has(severity(row))
        && wanted.every(([of, value]) => of === 'e' ? item.of.includes(value) : row.dataset[of] === value)
        && words.every(word => textOf(item).includes(word));
      const at = Number(row.dataset.b);
      if (fits) {
        const counts = perBar.get(at) ?? perBar.set(at, new Map()).get(at);
        counts.set(severity(row), (counts.get(severity(row)) ?? 0) + 1);
      }
      row.hidden = !fits || (range !== null && (at < range[0] || at > range[1]));
      if (section) section.hidden = row.hidden;
      if (!row.hidden) count += 1;
    }
    for (const bar of bars) drawBar(bar, perBar.get(bar.at));
    shown.textContent = number(count) + ' of ' + number(rows.length);
    byId('nothing').hidden = count > 0;
    byId('reset').disabled = !words.length && !off.size && !wanted.length && range === null;
  };

  const sort = () => {
    const key = order.value;
    const sorted = [...rows];
    if (key) {
      const sign = key === 'first' ? 1 : -1;
      sorted.sort((a, b) => sign * (Number(a.dataset[key]) - Number(b.dataset[key])));
    }
    body.append(...sorted);
  };

  const pick = (bar, isMore) => {
    if (isMore && range) range = [Math.min(range[0], bar.at), Math.max(range[1], bar.at)];
    else range = range && range[0] === bar.at && range[1] === bar.at ? null : [bar.at, bar.at];
    apply();
  };

  const clear = () => {
    search.value = '';
    for (const box of boxes) box.checked = true;
    for (const select of selects) select.value = '';
    range = null;
    apply();
  };

  // The next or previous finding that is shown, from the one that has the focus.
  const step = by => {
    const links = [...body.rows].filter(row => !row.hidden).map(row => row.querySelector('a')).filter(Boolean);
    const row = document.activeElement?.closest('#rows tr');
    const at = row ? links.findIndex(link => row.contains(link)) : by > 0 ? -1 : links.length;
    links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
  };

  for (const bar of bars) {
    bar.group.setAttribute('tabindex', '0');
    bar.group.setAttribute('role', 'button');
    bar.group.addEventListener('click', event => pick(bar, event.shiftKey));
    bar.group.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        pick(bar, event.shiftKey);
      }
    });
  }
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    if (event.key === 'Escape') {
      clear();
      event.target.blur?.();
    } else if (!isTyping && event.key === '/') {
      event.preventDefault();
      search.focus();
    } else if (!isTyping && (event.key === 'j' || event.key === 'k')) {
      step(event.key === 'j' ? 1 : -1);
    }
  });
  // A link to a finding that the filters hide shows it.
  addEventListener('hashchange', () => {
    if (sections.get(location.hash)?.hidden) {
      clear();
      document.querySelector(':target')?.scrollIntoView();
    }
  });
  search.addEventListener('input', apply);
  for (const it of [...boxes, ...selects]) it.addEventListener('change', apply);
  order.addEventListener('change', sort);
  byId('reset').addEventListener('click', clear);
  choices.hidden = byId('keys').hidden = false;
  chart.classList.add('live');
  // A browser that restores the page restores the filters too.
  if (order.value) sort();
  apply();
}

// On paper everything is open but the records, which print as the reader left them.
let opened = [];
addEventListener('beforeprint', () => {
  opened = [...document.querySelectorAll('details:not([open], .record)')];
  for (const it of opened) it.open = true;
});
addEventListener('afterprint', () => { for (const it of opened) it.open = false; });
