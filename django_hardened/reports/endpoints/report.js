"use strict";
(() => {
  const form = document.querySelector(".filter");
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const groups = [...document.querySelectorAll(".group")];
  const rows = groups.flatMap((group) => [...group.querySelectorAll("tbody tr")]);
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const chosen = (name) =>
    new Set([...form.querySelectorAll(`input[name=${name}]:checked`)].map((box) => box.value));

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filters = ["write", "origin", "exposure"].map((name) => [name, chosen(name)]);
    for (const row of rows) {
      row.hidden = !(
        filters.every(([name, values]) => values.has(row.dataset[name])) &&
        words.every((word) => texts.get(row).includes(word))
      );
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("tbody tr:not([hidden])");
    }
    const count = rows.filter((row) => !row.hidden).length;
    shown.textContent = `${count} of ${rows.length} shown`;
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", apply);
  form.hidden = false;
  apply();
})();
