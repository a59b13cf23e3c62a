// Lists with a check box in each row: one box for all of them, and how many are chosen.

const form = document.querySelector("form:has([data-all])");
if (form) {
  const all = form.querySelector("[data-all]");
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const counts = form.querySelectorAll("[data-count]");
  const words = form.querySelectorAll("[data-word]");
  const needing = form.querySelectorAll("button[data-chosen]");
  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    for (const each of counts) each.textContent = String(chosen);
    for (const each of words) each.textContent = each.dataset.word.split(" ")[chosen === 1 ? 0 : 1];
    for (const each of needing) each.disabled = chosen === 0;
  };
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  form.addEventListener("change", count);
  count();
}
