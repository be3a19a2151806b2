"""Recordings of three speakers, and what the first filters of a trained network respond to."""

import functools

import numpy as np

import minitorch
from docs.figures.drawing import Drawing, Steps
from minitorch import sequence_mask
from project import japanese_vowels
from project.padding import pad
from project.run_speech import TEST_SIZE, TRAIN_SIZE, SpeechSettings, SpeechTraining
from project.training import Array, train_epoch

SPEAKERS = 0, 1, 2  # the numbers of their labels
EPOCHS = 12
SHOWN = 6  # filters

LEFT, TOP, STEP = 150, 36, 19
CHANNEL, FILTER = 15, 46  # the heights of their rows


@functools.cache
def trained() -> SpeechTraining:
    """The network of `project/run_speech.py`, trained as there, but for a shorter time."""
    settings = SpeechSettings(EPOCHS, 30, 0.003, 0, "fast", TRAIN_SIZE, TEST_SIZE)
    run = SpeechTraining(settings, japanese_vowels.load("TRAIN"), japanese_vowels.load("TEST"))
    run.model.train()
    for epoch in range(EPOCHS):
        run.epoch = epoch  # the order of the recordings depends on it
        for _ in train_epoch(run.batches(), run.objective, run.optimizer, run.schedule):
            pass
    run.model.eval()
    return run


def draw() -> Steps:
    """One drawing for each speaker; the filters, and the scale of their responses, are the same in all of them."""
    run = trained()
    recordings, labels = run.held_back
    chosen = [int(np.flatnonzero(labels == speaker)[0]) for speaker in SPEAKERS]
    values, lengths = pad([recordings[i] for i in chosen])  # (speakers, channels, width)
    x = minitorch.tensor(values, backend=minitorch.FastBackend, dtype=np.float32)
    responses = run.model.responses(x, sequence_mask(lengths, values.shape[2], like=x)).to_numpy()
    # Of the filters, take turns: the one that responds most to the first speaker, to the second, and so on.
    wanted = np.argsort(-responses.max(2), axis=1, kind="stable").T.ravel().tolist()  # (filters * speakers,)
    filters = list(dict.fromkeys(wanted))[:SHOWN]
    highest = float(responses[:, filters].max())
    frames = []
    for row, speaker in enumerate(SPEAKERS):
        length = int(lengths[row])
        frames.append(
            draw_recording(speaker + 1, values[row, :, :length], responses[row, :, :length], filters, highest)
        )
    return Steps(frames)


def draw_recording(speaker: int, values: Array, responses: Array, filters: list[int], highest: float) -> Drawing:
    """The channels of a recording as a picture, and below it the response of each filter, step by step."""
    channels, length = values.shape
    strongest = max(filters, key=lambda filter: responses[filter].max())
    moment = int(responses[strongest].argmax())
    drawing = Drawing(
        560,
        TOP + channels * CHANNEL + 16 + len(filters) * FILTER + 34,
        f"A recording of speaker {speaker}: {channels} channels over {length} steps, as shades of grey. Below, the"
        f" response of the filters {', '.join(map(str, filters))}. Filter {strongest} responds most, from step"
        f" {moment} on, with {responses[strongest, moment]:.1f}.",
    )
    drawing.text(LEFT, 22, f"speaker {speaker}, {length} steps", "strong", anchor="start")
    drawing.text(LEFT - 12, TOP + 14, "channel 0", "input strong", anchor="end")
    drawing.text(LEFT - 12, TOP + channels * CHANNEL - 2, f"channel {channels - 1}", "input strong", anchor="end")
    # An image has one pixel for each number; it is stretched to the size of the rows.
    drawing.picture(LEFT, TOP, np.repeat(np.repeat(values, CHANNEL, 0), STEP, 1), length * STEP)
    below = TOP + channels * CHANNEL + 16
    for place, filter in enumerate(filters):
        ground = below + (place + 1) * FILTER
        drawing.text(LEFT - 12, ground - 8, f"filter {filter}", "output strong", anchor="end")
        for step, response in enumerate(responses[filter].tolist()):
            height = (FILTER - 6) * response / highest
            if height > 0:
                drawing.box(LEFT + step * STEP + 1, ground - height, STEP - 2, height, "output")
        drawing.line([(LEFT, ground), (LEFT + length * STEP, ground)], "faint")
    x = LEFT + moment * STEP
    wide = min(3, length - moment) * STEP
    drawing.box(x, TOP, wide, channels * CHANNEL, "weight frame strong")
    for step in range(0, length, 5):
        drawing.text(LEFT + (step + 0.5) * STEP, below + len(filters) * FILTER + 22, str(step))
    drawing.text(LEFT - 12, below + len(filters) * FILTER + 22, "step", anchor="end")
    return drawing
