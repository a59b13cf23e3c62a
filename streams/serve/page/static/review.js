// Keys of the review queue. Each presses a button or follows a link of the page; forms are sent without loading the page anew.

const KEYS = { arrowdown: "j" };
let isBusy = false;

function isForField(event) {
  const typed = event.target.closest?.("input:not([type=checkbox], [type=submit]), textarea, select, [contenteditable]");
  return Boolean(typed) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat;
}

function say(text, kind) {
  const notice = document.createElement("p");
  notice.className = `notice ${kind}`;
  notice.textContent = text;
  document.getElementById("said")?.replaceChildren(notice);
}

function show(html, address, isNew) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector("main");
  if (!main) return false;
  document.querySelector("main").replaceWith(main);
  document.title = page.title;
  if (isNew) history.pushState({ review: true }, "", address);
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
  // A screen reader says a status that changes, not one that comes with a page.
  const said = document.getElementById("said");
  if (said?.childElementCount) {
    const content = [...said.childNodes];
    said.replaceChildren();
    requestAnimationFrame(() => said.replaceChildren(...content));
  }
  return true;
}

/** Ask for a page and show its content in place of this one's. The pair stays where the service did not take what was sent. */
async function go(address, options = {}, isNew = true) {
  if (isBusy) return;
  isBusy = true;
  document.querySelector("main").setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, ...options });
    const isPage = answer.headers.get("Content-Type")?.startsWith("text/html");
    if (answer.status === 401 || new URL(answer.url).pathname === "/sign-in") {
      const back = location.pathname + location.search;
      location.assign(`/sign-in?return=${encodeURIComponent(back)}`);
    } else if (!isPage || (!answer.ok && ![404, 409].includes(answer.status))) {
      say(`Not done: the service answered ${answer.status}. Nothing was decided; try again.`, "bad");
    } else if (!show(await answer.text(), answer.url, isNew && answer.ok)) {
      say("Not done: the answer was no page. Try again.", "bad");
    }
  } catch {
    say("Not done: the service does not answer. Nothing is lost; try again when it is back.", "bad");
  } finally {
    isBusy = false;
    document.querySelector("main").removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const path = form.getAttribute("action") ?? ""; // form.action is the button of that name
  if (form.method !== "post" || !path.startsWith("/review/") || path.startsWith("/review/bulk")) return;
  event.preventDefault();
  go(path, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("main a[data-key=j]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("input[name=note]");
  if (field && (event.key === "Enter" || event.key === "Escape")) {
    event.preventDefault(); // a form sends itself on Enter by its first button: no decision by accident
    field.blur();
    return;
  }
  if (isForField(event) || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const note = document.querySelector("input[name=note]");
  if (key === "n" && note) {
    event.preventDefault();
    note.focus();
    return;
  }
  const target = document.querySelector(`main [data-key="${CSS.escape(KEYS[key] ?? key)}"]`);
  if (!target || (key === " " || key === "enter")) return;
  event.preventDefault();
  if (isBusy) return;
  if (key === "?") document.getElementById("help")?.showModal();
  else target.click();
});

addEventListener("popstate", () => go(location.href, {}, false));
