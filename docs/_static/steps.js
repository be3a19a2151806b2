// Buttons below a figure of several steps. Without this script, and on paper, the figure shows the one that stands for all.
for (const figure of document.querySelectorAll(".steps")) {
  const frames = [...figure.querySelectorAll("div.step")];
  let now = 0;
  let timer = null;

  const controls = document.createElement("div");
  controls.className = "step-controls";
  const counter = document.createElement("span");
  counter.setAttribute("aria-live", "polite");

  const button = (label, title, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.title = title;
    made.setAttribute("aria-label", title);
    made.addEventListener("click", action);
    return made;
  };

  const show = (place) => {
    now = (place + frames.length) % frames.length;
    frames.forEach((frame, i) => frame.classList.toggle("shown", i === now));
    counter.textContent = `${now + 1} of ${frames.length}`;
  };

  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "play";
  };

  const play = button("play", "Show all steps, one after the other", () => {
    if (timer !== null) {
      stop();
      return;
    }
    play.textContent = "stop";
    timer = setInterval(() => show(now + 1), 1200);
  });

  controls.append(
    button("<", "One step back", () => { stop(); show(now - 1); }),
    counter,
    button(">", "One step on", () => { stop(); show(now + 1); }),
    play,
  );
  figure.querySelector("div.step:last-of-type").after(controls);
  figure.classList.add("ready");
  show(0);
}
