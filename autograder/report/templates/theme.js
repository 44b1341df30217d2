// Follows the system's theme until the reader picks one; the pick is kept where storage allows.
"use strict";
const themeQuery = matchMedia("(prefers-color-scheme: dark)");
let pickedTheme = null;
try { pickedTheme = localStorage.getItem("report-theme"); } catch { /* storage may be barred */ }
function showTheme() {
  document.documentElement.dataset.theme = pickedTheme ?? (themeQuery.matches ? "dark" : "light");
}
themeQuery.addEventListener("change", showTheme);
showTheme();
addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme")?.addEventListener("click", () => {
    pickedTheme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("report-theme", pickedTheme); } catch { /* as above */ }
    showTheme();
  });
});
