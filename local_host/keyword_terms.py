"""Words as the ranking compares them: folded, cut to a stem, the same in a few languages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"\w+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_STOP_WORDS = """
a about all also an and any are as at be been but by can do does for from had has have how if in
into is it its
may more must not of on or other our shall should so such than that the their them then there
these they this
those through to under up upon was we were what when where whether which who will with within
would you
au aux avec ce ces cette dans de des du elle en entre est et ete etre il ils la le les leur leurs
mais ne nos
notre on ont ou par pas plus pour que qui sa se ses son sont sur tous tout toute un une vers
al como con del donde el ella ellos en es esta este estos fue ha han la las lo los mas muy no nos
para pero
por que se ser si sin sobre son su sus un una y ya
ao aos as com da das do dos e em foi na nas nao no nos o os ou pela pelo seu sua um uma
aber als am an auch auf aus bei bis das dass dem den der des die durch ein eine einem einen einer
eines er fur
hat ihr im in ist mit nach nicht oder sich sie sind so uber um und von vor war werden wie wird zu
zum zur
в во и на не о об от по с что как для из к
addresses addressed address define defined defines describe describes description document extract
find following
mention mentions passage passages policy question quote quotes relevant sentence sentences text
texts variable
"""
"""Words that carry no subject, and those in which a question to the model is put."""

_EVERYWHERE = """
access achieve action actions activities activity approach area areas based challenges commitment
communities
contribution country current definition development different ensure efforts framework general
global goal goals
government impact impacts implementation implement improve include included including increase
international key
level local major measure measures ministry national need needs new number objective overall plan
planned plans
policies potential process programme programs project projects promote proposed provide reduce
region regional
related report resources sector sectors service services specific state states strategic
strategies strategy
support sustainable system systems target targets term time use used using way well whole world
year years
climate
acces action activite approche climat cadre developpement mesure mesures mise ministere national
nationale
objectif objectifs oeuvre pays plan programme projet projets secteur secteurs strategie
acciones clima desarrollo estrategia gobierno medidas nacional objetivo pais plan politica
proyectos sector
"""
"""Words that stand all over policy documents: they support a finding and never make one."""

_SAME = """
net zero|zero net|zero nette|carbon neutral|carbon neutrality|climate neutral|climate neutrality|\
neutralite carbone|neutralite climatique|carbono neutral|neutralidad carbono|\
neutralidade carbono|klimaneutral|klimaneutralitat
just transition|transition juste|transicion justa|transicao justa|gerechter ubergang
renewable|renouvelable|renovable|renovavel|erneuerbar|erneuerbare|erneuerbaren
greenhouse|ghg|ges|gei|treibhausgas|treibhausgase
coal|charbon|carvao|kohle|kohleausstieg
worker|workers|travailleurs|trabajadores|trabalhadores|beschaftigte|arbeitnehmer
job|jobs|employment|emploi|emplois|empleo|empleos|emprego|arbeitsplatze
water|eau|agua|wasser
health|sante|salud|saude|gesundheit
poverty|pauvrete|pobreza|armut
women|femmes|mujeres|mulheres|frauen|gender|genre|genero|geschlecht
forest|forests|foret|forets|bosque|bosques|floresta|wald|walder|forestry|foresterie
waste|dechets|residuos|abfall
affordable|abordable|asequible|acessivel|bezahlbar|bezahlbare
building|buildings|batiment|batiments|edificios|gebaude
vehicle|vehicles|vehicule|vehicules|vehiculos|fahrzeuge
mitigation|attenuation|mitigacion|mitigacao|minderung
food|alimentaire|alimentos|ernahrung|nahrung
"""
"""One line, one notion. Short on purpose: most policy words are alike once cut to a stem."""


@dataclass(frozen=True)
class Word:
    """A word of a text: what it counts as, and where it stands."""

    term: str
    start: int
    end: int


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without accents, ending and tail: energy, énergie and energies are `energ`."""
    folded = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(mark for mark in folded if not unicodedata.combining(mark))
    if plain.startswith("ال") and len(plain) > 4:
        plain = plain[2:]
    if plain.isdecimal():
        return plain
    if len(plain) > 4:
        plain = plain.removesuffix("s")
    while len(plain) > 4 and plain[-1] in "aeiouy":
        plain = plain[:-1]
    return plain[:6]


def split_words(text: str) -> list[Word]:
    """The words of `text` that carry a subject; a notion of two words comes as one."""
    words = []
    for match in _WORD.finditer(text):
        words.extend(_plain_words(match[0], match.start()))
    return _join_notions(words)


def is_common(term: str) -> bool:
    """Whether the word stands all over policy documents."""
    return term in _COMMON


def is_notion(term: str) -> bool:
    """Whether the term is a notion of two words, which says more than its words do."""
    return term.startswith("@@")


def _plain_words(word: str, start: int) -> list[Word]:
    if _IDEOGRAPHS.search(word):  # no spaces between words: every pair of signs counts
        pairs = range(max(1, len(word) - 1))
        return [Word(word[n : n + 2], start + n, start + n + 2) for n in pairs]
    term = stem(word)
    if term in _STOPS or (len(term) < 2 and not term.isdecimal()):
        return []
    return [Word(_SINGLE.get(term, term), start, start + len(word))]


def _join_notions(words: list[Word]) -> list[Word]:
    joined: list[Word] = []
    for word in words:
        notion = _DOUBLE.get((joined[-1].term, word.term)) if joined else None
        if notion:
            joined[-1] = Word(notion, joined[-1].start, word.end)
        else:
            joined.append(word)
    return joined


def _read_notions() -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    single: dict[str, str] = {}
    double: dict[tuple[str, str], str] = {}
    for line in _SAME.strip().splitlines():
        phrases = [phrase.split() for phrase in line.split("|")]
        two = any(len(phrase) > 1 for phrase in phrases)
        name = ("@@" if two else "@") + phrases[0][0]
        for phrase in phrases:
            if len(phrase) == 1:
                single[stem(phrase[0])] = name
            else:
                double[stem(phrase[0]), stem(phrase[-1])] = name
    return single, double


_STOPS = frozenset(stem(word) for word in _STOP_WORDS.split())
_COMMON = frozenset(stem(word) for word in _EVERYWHERE.split())
_SINGLE, _DOUBLE = _read_notions()
