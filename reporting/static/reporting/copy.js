// The button that copies the snippet; without a script the text is there to select.
const button = document.getElementById("copy");
if (button) {
  const source = document.getElementById(button.dataset.copies);
  const status = document.getElementById("copied");
  const select = () => window.getSelection().selectAllChildren(source);
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = "Copied.";
    } catch {
      // A page without HTTPS may not write to the clipboard.
      select();
      status.textContent = "Selected; copy it with Ctrl+C or ⌘C.";
    }
  });
}
