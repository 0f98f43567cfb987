// Coverage with a script: one more row of facts as one types, and the number of answers said aloud.
const rows = document.querySelector("[data-rows]");

rows.addEventListener("input", () => {
  const last = rows.lastElementChild;
  if (!last.querySelector("[name='facts.id']").value.trim() || rows.children.length > 60) return;
  const row = last.cloneNode(true);
  const number = rows.children.length + 1;
  for (const field of row.querySelectorAll("input, select")) {
    field.value = "";
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, number));
  }
  rows.append(row);
});

// A live region speaks of what is put into it after the page is there.
const said = document.querySelector("#said");
const text = said.textContent;
said.textContent = "";
if (text.trim()) setTimeout(() => { said.textContent = text.trim(); }, 300);
