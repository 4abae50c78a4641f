
'use strict';
// Hides the rows and sections that the filters leave out. Without this script the severity boxes still
// work through the style sheet.
const search = document.getElementById('search');
const shown = document.getElementById('shown');
if (search) {
  const rows = [...document.querySelectorAll('tr.item')];
  // Rows and sections stand in the same order.
  const sections = [...document.querySelectorAll('article.item')];
  const texts = sections.map(section => section.textContent.toLowerCase());
  const boxes = [...document.querySelectorAll('.filters input[type=checkbox]')];
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = boxes.filter(box => !box.checked).map(box => box.id.slice('show-'.length));
    let count = 0;
    rows.forEach((row, at) => {
      const matches = words.every(word => texts[at].includes(word));
      row.hidden = sections[at].hidden = !matches;
      if (matches && !off.some(name => row.classList.contains(name))) count += 1;
    });
    shown.textContent = count.toLocaleString('en') + ' of ' + rows.length.toLocaleString('en');
  };
  search.hidden = false;
  search.addEventListener('input', apply);
  boxes.forEach(box => box.addEventListener('change', apply));
  for (const link of document.querySelectorAll('a[data-filter]')) {
    link.addEventListener('click', () => { search.value = link.dataset.filter; apply(); });
  }
  // A browser that restores the page restores the filters too.
  apply();
}
