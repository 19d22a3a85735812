"""PDFs of any length, made by code: plain prose of a policy's vocabulary, one column, A4."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pymupdf

_SUBJECTS = [
    "government",
    "ministry",
    "agency",
    "region",
    "council",
    "sector",
    "utility",
    "fund",
    "programme",
    "plan",
]
_VERBS = [
    "will expand",
    "supports",
    "shall reduce",
    "is committed to",
    "plans to finance",
    "monitors",
]
_OBJECTS = [
    "renewable energy in rural districts",
    "emissions from road transport",
    "coal phase-out by 2035",
    "retraining for workers of closing mines",
    "solar and wind capacity",
    "forest restoration",
    "net-zero emissions by 2050",
    "energy efficiency of public buildings",
    "climate finance for cities",
]
_MATTERS = [
    "the register of licensed surveyors",
    "water quality in coastal towns",
    "the curriculum of rural schools",
    "waiting times in district hospitals",
    "the maintenance of bridges and harbours",
    "statistics on household income",
    "the training of customs officers",
    "procurement rules for municipalities",
    "museums and public libraries",
]
_ENDS = [
    "in line with the national strategy",
    "subject to international support",
    "as reported to parliament every second year",
    "with a budget of 40 million",
    "by the end of 2030",
]

VARIABLES = (*tuple(item.capitalize() for item in _OBJECTS), "Just transition for coal workers")


def write_pdf(path: Path, pages: int, seed: int) -> Path:
    """A PDF of `pages` pages with about 420 words each; equal seeds give equal text."""
    chance = random.Random(seed)  # noqa: S311  sentences, not secrets
    with pymupdf.open() as pdf:
        for number in range(1, pages + 1):
            page = pdf.new_page(width=595, height=842)
            page.insert_text((72, 60), f"{number} Measures of part {number}", fontsize=14)
            for row in range(5):
                box = pymupdf.Rect(72, 80 + row * 140, 523, 215 + row * 140)
                page.insert_textbox(box, _paragraph(chance), fontsize=10)
        pdf.save(path)
    return path


def write_variables(path: Path, count: int) -> Path:
    """A variables table of `count` rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["variable_name", "variable_description"])
        for number in range(count):
            name = VARIABLES[number % len(VARIABLES)]
            table.writerow([f"{name} {number + 1}", f"Passages that address {name.lower()}"])
    return path


def _paragraph(chance: random.Random) -> str:
    """Six sentences, of which at most two have to do with a variable: most of a plan has not."""
    told = sorted(chance.sample(range(6), 2))
    return " ".join(_sentence(chance, _OBJECTS if at in told else _MATTERS) for at in range(6))


def _sentence(chance: random.Random, objects: list[str]) -> str:
    return (
        f"The {chance.choice(_SUBJECTS)} {chance.choice(_VERBS)} {chance.choice(objects)} "
        f"{chance.choice(_ENDS)}."
    )
