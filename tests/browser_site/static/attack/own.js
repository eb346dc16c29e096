// A script of the site, with two of the mistakes that scripts have.
document.documentElement.dataset.own = "ran";
for (const element of document.querySelectorAll("[data-code]")) {
  new Function(element.dataset.code)();
}
