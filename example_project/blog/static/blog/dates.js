// Dates in the time zone and the language of the reader. Without it they stay as they were sent.
for (const time of document.querySelectorAll("time")) {
  const style = { dateStyle: "long", timeStyle: "short" };
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, style);
}
