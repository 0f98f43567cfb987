// Suggestions while typing, for every input with data-suggest. All pages read and work without it.

const PAUSE = 90; // milliseconds of quiet before the server is asked
const FEWEST = 2;
let number = 0;

/** Make one input a combobox: a list below it, arrow keys, Enter, Escape. */
function suggest(input) {
  const list = document.createElement("ul");
  const said = document.createElement("span");
  list.id = `choices-${++number}`;
  list.className = "choices";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  said.className = "hidden";
  said.setAttribute("role", "status");
  const home = input.closest(".line, .find") ?? around(input);
  home.append(list, said);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let found = [], at = -1, timer = 0, asking = null;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (next) => {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = next;
    const row = list.children[at];
    if (!row) return input.removeAttribute("aria-activedescendant");
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row.id);
  };
  const choose = (which) => {
    const one = found[which];
    close();
    if (input.dataset.choose === "code") {
      input.value = one.code;
      input.focus();
    } else {
      location.assign(one.url);
    }
  };
  const draw = () => {
    list.replaceChildren(...found.map((each, place) => row(each, `${list.id}-${place}`, () => choose(place))));
    at = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
    said.textContent = found.length ? `${found.length} suggestions` : "No suggestion";
  };
  const ask = async () => {
    asking?.abort();
    const words = input.value.trim();
    if (words.length < FEWEST) {
      found = [];
      return close();
    }
    asking = new AbortController();
    const query = new URLSearchParams({ q: words });
    const day = input.form?.elements.namedItem("date")?.value;
    if (day) query.set("date", day);
    try {
      const answer = await fetch(`${input.dataset.suggest}?${query}`, { signal: asking.signal });
      if (!answer.ok) return close();
      found = (await answer.json()).suggestions;
      if (document.activeElement === input) draw();
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return;
      event.preventDefault();
      if (list.hidden) draw();
      const size = found.length + 1; // the place after the last is the input itself
      mark((at + (event.key === "ArrowDown" ? 1 : -1) + 1 + size) % size - 1);
    } else if (event.key === "Enter" && at >= 0 && !list.hidden) {
      event.preventDefault();
      choose(at);
    }
  });
  input.addEventListener("blur", () => setTimeout(close, 120));
}

/** A place of its own for the list of an input that stands in no line. */
function around(input) {
  const home = document.createElement("span");
  home.className = "suggesting";
  input.before(home);
  home.append(input);
  return home;
}

function row(each, id, choose) {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  const code = document.createElement("span");
  code.className = "code";
  code.textContent = each.code;
  item.append(code, each.title);
  if (each.matched) {
    const why = document.createElement("small");
    why.textContent = each.matched;
    item.append(why);
  }
  item.addEventListener("mousedown", (event) => event.preventDefault());
  item.addEventListener("click", choose);
  return item;
}

document.querySelectorAll("input[data-suggest]").forEach(suggest);
