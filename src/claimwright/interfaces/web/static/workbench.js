// The workbench with a script: rows are added as one types, the claim is checked again, links and copies are made.
const form = document.querySelector("#claim");
const result = document.querySelector("#result");
const said = document.querySelector("#said");
const share = document.querySelector("#share");
for (const each of document.querySelectorAll(".only-script")) each.hidden = false;

// ---- rows: the last one is always empty --------------------------------------------------------------

function addRow(rows) {
  const last = rows.querySelector(".row:last-child");
  const row = last.cloneNode(true);
  const number = rows.children.length + 1;
  row.querySelector(".number").textContent = number;
  for (const field of row.querySelectorAll("input, select")) {
    field.value = "";
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    const label = field.getAttribute("aria-label");
    if (label) field.setAttribute("aria-label", label.replace(/\d+$/, number));
  }
  const mark = row.querySelector("[data-mark]");
  if (mark) setMark(mark, `${rows.dataset.kind}-${number}`, 0);
  rows.append(row);
  return row;
}

function setMark(mark, name, number, worst) {
  mark.dataset.mark = name;
  mark.className = number ? `mark tag ${worst}` : "mark";
  mark.textContent = number ? `${number} ${number === 1 ? "finding" : "findings"}` : "";
  if (number) mark.href = `#at-${name}`;
  else mark.removeAttribute("href");
}

function filled(row) {
  return [...row.querySelectorAll("input, select")].some((field) => field.value.trim());
}

form.addEventListener("input", (event) => {
  const rows = event.target.closest(".rows");
  if (rows && filled(rows.lastElementChild) && rows.children.length < 999) addRow(rows);
});

// ---- checking while one types: the same form to the same address, only the result comes back -----------

const live = document.querySelector("#live");
let timer = 0;
let running = null;

function hasCode() {
  return [...form.querySelectorAll("[name='diagnoses.code']")].some((field) => field.value.trim());
}

async function check() {
  if (running) running.abort();
  running = new AbortController();
  const mine = running;
  const body = new FormData(form);
  for (const name of ["file", "pasted", "claims"]) body.delete(name);
  body.set("action", "check");
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/check?part=result", { method: "POST", body, signal: mine.signal });
    const text = await answer.text();
    if (mine !== running) return;
    if (answer.headers.get("content-type")?.startsWith("text/html") && text.indexOf("<html") < 0) {
      const open = new Set([...result.querySelectorAll("details[open]")].map(nameOf));
      result.innerHTML = text;
      for (const each of result.querySelectorAll("details")) if (open.has(nameOf(each))) each.open = true;
      shown();
    }
  } catch (error) {
    if (error.name !== "AbortError") said.textContent = "The server cannot be reached.";
  } finally {
    if (mine === running) result.removeAttribute("aria-busy");
  }
}

function nameOf(details) {
  const finding = details.closest(".finding");
  const card = details.closest("[aria-labelledby], .spot");
  return `${card?.getAttribute("aria-labelledby") ?? card?.id}|${finding?.ariaLabel}|${details.querySelector("summary").textContent}`;
}

function shown() {
  for (const each of result.querySelectorAll(".only-script")) each.hidden = false;
  const verdict = result.querySelector("[data-said]");
  const sentence = result.querySelector(".part-only");
  said.textContent = verdict ? verdict.dataset.said : sentence ? sentence.textContent : "";
  for (const mark of form.querySelectorAll("[data-mark]")) {
    const spot = result.querySelector(`[data-spot="${mark.dataset.mark}"]`);
    setMark(mark, mark.dataset.mark, Number(spot?.dataset.number ?? 0), spot?.dataset.worst);
  }
  document.querySelector("#wrong")?.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file" || event.target.name === "pasted" || event.target === live) return;
  makeLink();
  clearTimeout(timer);
  if (live.checked && hasCode()) timer = setTimeout(check, 450);
});

// ---- a file dropped on its place ------------------------------------------------------------------------

const drop = document.querySelector("#drop");
const fileField = form.querySelector("[name=file]");
for (const name of ["dragover", "dragenter"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files.length) {
    fileField.files = event.dataTransfer.files;
    drop.querySelector("button").click();
  }
});

// ---- a link without the patient: behind the #, which no browser sends ------------------------------------

const SHARED = ["setting", "service_from", "service_to", "age", "sex", "payer", "state", "mac", "admitting_diagnosis",
  "discharge_status", "poa_exempt_hospital"];
const ROWS = {
  diagnoses: ["code", "poa"],
  procedures: ["code", "date"],
  lines: ["code", "modifiers", "units", "date", "pointers"],
};
const OLDEST = 89;
const dates = document.querySelector("#share-dates");
const link = document.querySelector("#share-link");

/** Completed years on the day of service where the claim has a birth date, which no link holds; else empty. */
function ageOnTheDay() {
  const [born, day] = ["birth_date", "service_from"].map((name) => form.elements[name].value.split("-").map(Number));
  if (born.length < 3 || day.length < 3) return "";
  const years = day[0] - born[0] - (day[1] < born[1] || (day[1] === born[1] && day[2] < born[2]) ? 1 : 0);
  return years >= 0 ? String(years) : "";
}

function values() {
  const out = { v: 1 };
  for (const name of SHARED) {
    const field = form.elements[name];
    const value = field.type === "checkbox" ? (field.checked ? "yes" : "") : field.value.trim();
    if (value && (dates.checked || !name.startsWith("service_"))) out[name] = value;
  }
  out.age ||= ageOnTheDay();
  if (!out.age) delete out.age;
  if (Number(out.age) > OLDEST) out.age = String(OLDEST + 1);
  for (const [group, fields] of Object.entries(ROWS)) {
    const rows = [...form.querySelectorAll(`[data-group="${group}"] .row`)].filter(filled);
    const listed = rows.map((row) => fields.map((field) => {
      if (field === "date" && !dates.checked) return "";
      return row.querySelector(`[name="${group}.${field}"]`).value.trim();
    }));
    if (listed.length) out[group] = listed;
  }
  return out;
}

function makeLink() {
  const bytes = new TextEncoder().encode(JSON.stringify(values()));
  const packed = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  link.value = `${location.origin}/check#claim=${packed}`;
}

function fill(text) {
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const given = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (given?.v !== 1) throw new Error("another kind of link");
  for (const name of SHARED) {
    const value = typeof given[name] === "string" ? given[name].slice(0, 80) : "";
    const field = form.elements[name];
    if (field.type === "checkbox") field.checked = Boolean(value);
    else if (value || name !== "setting") field.value = value;
  }
  for (const [group, fields] of Object.entries(ROWS)) {
    const rows = form.querySelector(`[data-group="${group}"]`);
    const listed = Array.isArray(given[group]) ? given[group].slice(0, 200) : [];
    listed.forEach((values, index) => {
      while (rows.children.length <= index + 1) addRow(rows);
      fields.forEach((field, at) => {
        const value = Array.isArray(values) && typeof values[at] === "string" ? values[at].slice(0, 80) : "";
        rows.children[index].querySelector(`[name="${group}.${field}"]`).value = value;
      });
    });
  }
}

dates.addEventListener("change", makeLink);
const packed = location.hash.match(/^#claim=([\w-]+)$/);
if (packed) {
  try {
    fill(packed[1]);
    check();
  } catch {
    said.textContent = "This link holds no claim that can be read.";
    said.classList.remove("hidden");
  }
}
makeLink();
share.hidden = false;

// ---- copies -----------------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy);
  const text = from.value ?? from.textContent;
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied.";
    button.textContent = "Copied";
  } catch {
    if (from.select) from.select();
    said.textContent = "Select the text and copy it.";
  }
});
