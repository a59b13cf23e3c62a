"""The two plots of docs/evaluation.md, by matplotlib (the extra `evaluate`)."""

from __future__ import annotations

from pathlib import Path

from heldout import Scored, curve, reliability


def draw(scored: list[Scored], folder: Path, what: str) -> bool:
    """Write `precision-recall.svg` and `reliability.svg`; false where matplotlib is not installed. `what` says whose scores."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra: everything else runs without it
    except ImportError:
        return False
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "streams", "svg.fonttype": "none", "font.size": 10})
    folder.mkdir(parents=True, exist_ok=True)
    _precision_recall(scored, folder / "precision-recall.svg", what)
    _reliability(scored, folder / "reliability.svg", what)
    return True


def _precision_recall(scored: list[Scored], path: Path, what: str) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(6, 4.5))
    for source in sorted({one.source for one in scored}):
        points = curve([one for one in scored if one.source == source])
        axes.step([x for x, _ in points], [y for _, y in points], where="post", label=source, linewidth=1.3)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0.5, 1.005), ylim=(0.8, 1.005), title=what)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _reliability(scored: list[Scored], path: Path, what: str) -> None:
    import matplotlib.pyplot as plt  # noqa: PLC0415

    points = reliability(scored)
    figure, axes = plt.subplots(figsize=(6, 4.5))
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--", label="perfectly calibrated")
    axes.plot([mean for mean, _, _ in points], [right for _, right, _ in points], marker="o", label="measured")
    for mean, right, weight in points:
        axes.annotate(f"{weight:.1%}", (mean, right), textcoords="offset points", xytext=(5, -12), fontsize=7)
    axes.set(xlabel="mean score", ylabel="share of duplicates", xlim=(0, 1.03), ylim=(0, 1.03), title=what)
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
