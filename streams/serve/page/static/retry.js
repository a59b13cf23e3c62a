// A page that could not be made as a server was away: asks for it again, and loads it once it can be made.

const SECONDS = 3;
document.getElementById("retrying").hidden = false;

async function retry() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.status !== 503) {
      location.reload();
      return;
    }
  } catch {
    // The service itself is away: it is waited for as well.
  }
  setTimeout(retry, SECONDS * 1000);
}

setTimeout(retry, SECONDS * 1000);
