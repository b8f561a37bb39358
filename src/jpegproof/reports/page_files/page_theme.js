// Light or dark: as the reader's system says, until the button is pressed.

const root = document.documentElement;
const darkSystem = matchMedia("(prefers-color-scheme: dark)");
const themeButton = document.querySelector(".theme");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : darkSystem.matches;
}

function themeChanged() {
  themeButton.setAttribute("aria-pressed", String(isDark()));
  dispatchEvent(new Event("themechange"));
}

themeButton.hidden = false;
themeButton.setAttribute("aria-pressed", String(isDark()));
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  themeChanged();
});
darkSystem.addEventListener("change", themeChanged);
