// While no hit has come, the page looks again every five seconds. A page that nobody sees waits, and one on which somebody
// reads a recipe or chooses something.
if (document.getElementById("waiting")) {
  const isUsed = () => document.hidden || document.querySelector("details[open], select:focus");
  setInterval(() => isUsed() || location.reload(), 5000);
}
