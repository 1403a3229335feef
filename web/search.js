// The search page: asks POST /v1/search and shows what it finds. Loads nothing from elsewhere.
const element = (id) => document.getElementById(id);
const form = element("search");
const status = element("status");
const list = element("hits");
const viewer = element("viewer");

let hits = [];
let shown = 0;
let asked = 0; // the last search; an older one's answer is thrown away

function say(text, isError = false) {
  status.textContent = text;
  status.classList.toggle("error", isError);
}

async function find(query, k, mode) {
  const request = { query, k };
  if (mode) request.mode = mode;
  const response = await fetch("/v1/search", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? `the server answers ${response.status}`);
  return answer;
}

function add(parent, tag, text, className = "") {
  const child = parent.appendChild(document.createElement(tag));
  child.textContent = text;
  child.className = className;
  return child;
}

const nameOf = (hit) => `${hit.source_name}, page ${hit.page}`;

function card(hit, place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "hit";
  const image = add(button, "img", "");
  image.src = hit.image;
  image.alt = "";
  image.loading = "lazy";
  add(button, "span", `${hit.rank}. ${nameOf(hit)}`, "name");
  if (hit.title) add(button, "span", hit.title, "place");
  add(button, "span", `score ${hit.score.toFixed(4)}`, "place");
  button.addEventListener("click", () => show(place));
  return button;
}

function show(place) {
  shown = place;
  const hit = hits[place];
  element("viewer-name").textContent = `${hit.rank}. ${nameOf(hit)}`;
  element("viewer-image").src = hit.image;
  element("viewer-image").alt = nameOf(hit);
  element("viewer-path").textContent = hit.path;
  element("previous").disabled = place === 0;
  element("next").disabled = place === hits.length - 1;
  if (!viewer.open) viewer.showModal();
}

function move(step) {
  if (hits[shown + step]) show(shown + step);
}

async function search() {
  const query = element("query").value.trim();
  if (!query) return;
  const turn = ++asked;
  say("Searching …");
  const start = performance.now();
  try {
    const answer = await find(query, Number(element("k").value), element("mode").value);
    if (turn !== asked) return;
    hits = answer.hits;
    list.replaceChildren(...hits.map(card));
    const seconds = ((performance.now() - start) / 1000).toFixed(2);
    const cut = answer.truncated ? "; the query is longer than the model takes and was cut" : "";
    say(hits.length ? `${hits.length} pages in ${seconds} s${cut}` : "The index is empty.");
  } catch (error) {
    if (turn !== asked) return;
    hits = [];
    list.replaceChildren();
    say(error.message, true);
  }
}

function searchAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  if (!wanted) return;
  element("query").value = wanted;
  search();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const hash = `#${new URLSearchParams({ q: element("query").value.trim() })}`;
  if (hash === location.hash) search();
  else location.hash = hash; // so that a search can be gone back to, and sent to others
});
window.addEventListener("hashchange", searchAddress);
element("previous").addEventListener("click", () => move(-1));
element("next").addEventListener("click", () => move(1));
element("close").addEventListener("click", () => viewer.close());
viewer.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") move(-1);
  if (event.key === "ArrowRight") move(1);
});
searchAddress();
