// While no hit has come, the page looks again every five seconds. A page that nobody sees waits.
if (document.getElementById("waiting")) {
  setInterval(() => document.hidden || location.reload(), 5000);
}
