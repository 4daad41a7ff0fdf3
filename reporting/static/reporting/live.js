// The line of the open hour is fetched again every ten seconds, after an error later and later. A page that nobody sees
// waits. Without a script the line shows what it was when the page was loaded.
const line = document.getElementById("live");
if (line) {
  const [usual, longest] = [10_000, 320_000];
  let wait = usual;

  const fetchLine = async () => {
    const answer = await fetch(line.dataset.from, { redirect: "manual", signal: AbortSignal.timeout(usual) });
    if (answer.ok) line.innerHTML = await answer.text();
    return answer;
  };

  const look = async () => {
    if (document.hidden) {
      document.addEventListener("visibilitychange", look, { once: true });
      return;
    }
    const answer = await fetchLine().catch(() => undefined);
    // Signed out, or the site is gone: nothing would come any more.
    if (answer && (answer.type === "opaqueredirect" || (answer.status >= 400 && answer.status < 500))) return;
    wait = answer?.ok ? usual : Math.min(2 * wait, longest);
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
}
