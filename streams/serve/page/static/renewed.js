// Pages whose parts htmx renews: says when the service does not answer, and stops saying so when it does again.

const lost = document.getElementById("connection");

document.addEventListener("htmx:error", () => { lost.hidden = false; });
document.addEventListener("htmx:response:error", () => { lost.hidden = false; });
document.addEventListener("htmx:after:swap", () => { lost.hidden = true; });
