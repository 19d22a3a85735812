"""`./dev samples DIR`: small policy PDFs of our own, with what real ones make hard."""

from pathlib import Path

from local_host.sample_pages import Page, render
from local_host.sample_texts import FRENCH_STRATEGY, LAW, NATIONAL_PLAN, SHORT_PLEDGE


def write_samples(folder: Path) -> int:
    """Write every sample into the folder, byte for byte the same each time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, pages in SAMPLES.items():
            (folder / name).write_bytes(render(pages))
            print(folder / name)
    except OSError as error:
        print(f"./dev samples: {error.filename} cannot be written ({error.strerror}).")
        return 2
    return 0


SAMPLES: dict[str, tuple[Page, ...]] = {
    "Maravia National Climate Plan.pdf": NATIONAL_PLAN,
    "Valdoria Strategie bas carbone.pdf": FRENCH_STRATEGY,
    "Ostmark Climate Act.pdf": LAW,
    "Tamaroa Pledge.pdf": SHORT_PLEDGE,
}
