// What is folded away opens where a link leads into it.

function unfold(element) {
  for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

function unfoldTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  unfold(target);
  target.scrollIntoView();
}

addEventListener("hashchange", unfoldTarget);
unfoldTarget();

// On a narrow page the contents would push the summary out of sight.
if (matchMedia("(max-width: 48rem)").matches) document.querySelector("nav details").open = false;
