"""The two plots of docs/evaluation.md, by matplotlib (the dependency group `evaluate`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from calibration import curve, reliability
from left_out import LeftOut

TITLE = "scores left out"


def draw(left_out: Sequence[LeftOut], folder: Path) -> bool:
    """Write `precision-recall.svg` and `reliability.svg`; return false where there are no scores, or no matplotlib."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra: everything else runs without it
    except ImportError:
        return False
    if not left_out:
        return False
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "streams", "svg.fonttype": "none", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    _precision_recall(left_out, folder / "precision-recall.svg")
    _reliability(left_out, folder / "reliability.svg")
    return True


def _precision_recall(left_out: Sequence[LeftOut], path: Path) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 5))
    colors = plt.get_cmap("tab20").colors
    for one, color in zip(left_out, [*colors, *colors], strict=False):
        points = curve(one.outcome.scored)
        xs, ys = [x for x, _ in points], [y for _, y in points]
        axes.step(xs, ys, where="post", label=one.outcome.name, linewidth=1.2, color=color)
    axes.set(
        xlabel="recall among compared pairs", ylabel="precision", xlim=(0.3, 1.005), ylim=(0.8, 1.005), title=TITLE
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _reliability(left_out: Sequence[LeftOut], path: Path) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415

    points = list(reliability([one.outcome.scored for one in left_out]))
    figure, axes = plt.subplots(figsize=(6, 4.5))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--", label="perfectly calibrated")
    axes.plot(
        [mean for _, _, mean, _, _ in points], [alike for *_, alike in points], marker="o", label="each set alike"
    )
    axes.plot([mean for _, _, mean, _, _ in points], [right for *_, right, _ in points], marker=".", label="all pairs")
    for _, count, mean, _, alike in points:
        axes.annotate(f"{count:,}", (mean, alike), textcoords="offset points", xytext=(5, -12), fontsize=7)
    axes.set(xlabel="mean score", ylabel="share that are one work", xlim=(0, 1.03), ylim=(0, 1.03), title=TITLE)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
