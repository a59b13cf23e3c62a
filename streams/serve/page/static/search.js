// The search box: Ctrl+Enter searches, and a text too long for an address is sent as a body.

const LONGEST_ADDRESS = 1500;
const form = document.querySelector("form[data-ask]");
const box = form?.querySelector("textarea");

if (box) {
  form.addEventListener("submit", () => {
    form.method = encodeURIComponent(box.value).length > LONGEST_ADDRESS ? "post" : "get";
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || (!event.shiftKey && !box.value.includes("\n") && box.value.length < 400))) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  box.addEventListener("input", () => {
    box.rows = Math.min(Math.max(box.value.split("\n").length, 2), 12);
  });
  if (!box.value) box.focus();
}
