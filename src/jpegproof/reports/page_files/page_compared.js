// Two looks of a picture laid over each other, divided where the range input says.

for (const article of document.querySelectorAll(".compared")) {
  const slider = article.querySelector(".slider");
  const stage = slider.querySelector(".stage");
  const range = slider.querySelector("input");
  const looks = [...article.querySelectorAll(".looks figure")].map((figure) => ({
    picture: figure.querySelector("img"),
    label: figure.querySelector("b").textContent,
    words: figure.querySelector("figcaption").innerText.replaceAll("\n", ": "),
  }));
  const images = {};
  for (const side of ["after", "before"]) {
    images[side] = document.createElement("img");
    images[side].className = side;
    stage.append(images[side]);
  }
  const chosen = (side) => looks[slider.querySelector(`[data-side="${side}"]`).value];
  const show = () => {
    for (const side of ["before", "after"]) {
      images[side].src = chosen(side).picture.src;
      images[side].alt = chosen(side).picture.alt;
    }
    slider.querySelector(".scores").textContent = `${chosen("before").words} | ${chosen("after").words}`;
    divide();
  };
  const divide = () => {
    stage.style.setProperty("--split", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % ${chosen("before").label}, the rest ${chosen("after").label}`);
  };
  range.addEventListener("input", divide);
  for (const choice of slider.querySelectorAll("select")) choice.addEventListener("change", show);
  article.querySelector(".side-by-side").open = false;
  slider.hidden = false;
  show();
}
