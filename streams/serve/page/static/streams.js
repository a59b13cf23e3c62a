// What every page has: times in the viewer's zone, and `/` for the search box.

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

let isPrinted = false; // on paper there is no tooltip, so each time has its day

function localise(element) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.valueOf())) return;
  const isToday = !isPrinted && at.toDateString() === new Date().toDateString();
  const shown = isToday ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at)}`;
  if (element.textContent === shown) return;
  element.title = `${at.toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC")}, shown in ${ZONE}`;
  element.textContent = shown;
}

function localiseIn(node) {
  if (node.nodeType === Node.TEXT_NODE) node = node.parentElement;
  if (node?.nodeType !== Node.ELEMENT_NODE) return;
  if (node.matches("time")) localise(node);
  node.querySelectorAll("time").forEach(localise);
}

localiseIn(document.body);
for (const [name, isBegun] of [["beforeprint", true], ["afterprint", false]]) {
  addEventListener(name, () => {
    isPrinted = isBegun;
    localiseIn(document.body);
  });
}
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "childList") change.addedNodes.forEach(localiseIn);
    else localiseIn(change.target);
  }
}).observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["datetime"] });

/** Tell whether a key is typed into a field, or is a shortcut of the browser: then it is none of the page. */
export function isForField(event) {
  const typed = event.target.closest?.("input, textarea, select, [contenteditable]");
  return Boolean(typed) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || isForField(event)) return;
  event.preventDefault();
  const box = document.getElementById("find");
  box.focus();
  box.select();
});
