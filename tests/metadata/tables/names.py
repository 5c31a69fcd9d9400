"""Names in search: whole words of people first, and words of all scripts and spellings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.metadata.questions import Asked, Question, question

_A, _B = "x1.png", "x2.png"


def _keyword(*words: str) -> Asked:
    return Asked(keywords=words)


def _person(*names: str) -> Asked:
    return Asked(people=names)


# Names whose stem is a stop word's stem, or a stop word itself in another form.
_STEMS_OF_STOP_WORDS = ["Andes", "Ines", "Thi", "Doe", "Hering", "Willing", "Ares", "Useful"]

_STOP_WORDS = [
    *(question(f"person {name}", name, {_A: _person(name)}, first=_A, only=[_A])
      for name in _STEMS_OF_STOP_WORDS),
    *(question(f"nobody is {name}", name, {}, only=[])
      for name in _STEMS_OF_STOP_WORDS if name != "Useful"),
    question("Andes as keyword", "Andes", {_A: _keyword("Andes")}, first=_A, only=[_A]),
    question("Andes as folder", "Andes", {"Andes/a.png": Asked()}, first="Andes/a.png",
             only=["Andes/a.png"]),
    question("Andes as title", "andes", {_A: Asked(title="The Andes")}, first=_A, only=[_A]),
    question("Andes as city", "ANDES", {_A: Asked(city="Andes")}, first=_A, only=[_A]),
    question("Andes as file name", "Andes", {"Andes 1.png": Asked()}, first="Andes 1.png",
             only=["Andes 1.png"]),
    question("Ines at the sea", "Ines sea", {
        _A: _person("Ines"), _B: Asked("a boat in the sea")}, first=_A, found=[_B]),
    question("Will birthday", "Will birthday", {
        _A: Asked(people=("Will",), keywords=("birthday",)), _B: _keyword("birthday")},
        first=_A, found=[_A, _B]),
    question("will, in small letters", "will birthday", {
        _A: Asked(people=("Will",), keywords=("birthday",)), _B: _keyword("birthday")}, first=_A),
    question("Will and Kate", "Will and Kate", {
        _B: _person("Kate"), _A: _person("Will", "Kate")}, first=_A, found=[_B]),
    question("Will alone", "will", {_A: _person("Will"), _B: _keyword("birthday")}, first=_A,
             missing=[_B]),
    question("Will's photos in a folder", "will birthday", {
        "Will/a.png": _keyword("birthday"), "Ann/b.png": _keyword("birthday")},
        first="Will/a.png"),
    question("nobody is called Will", "will birthday", {_A: _keyword("birthday"), _B: Asked()},
             first=_A, only=[_A]),
    *(question(f"the word {asked} doesn't find {name}", asked, {_A: _person(name)}, missing=[_A])
      for asked, name in {"and": "Andes", "in": "Ines", "this": "Thi", "will": "Willing"}.items()),
    question("US alone", "us", {_A: _keyword("US"), _B: _keyword("flag")}, first=_A, missing=[_B]),
    question("Oregon", "OR", {_A: _keyword("OR"), _B: _keyword("flag")}, first=_A, missing=[_B]),
    question("who is Will", "who is Will", {_A: _person("Will"), _B: _person("Ann")}, first=_A,
             missing=[_B]),
    question("US flag", "US flag", {_A: _keyword("US", "flag"), _B: _keyword("flag")}, first=_A,
             found=[_B]),
    question("a flag given to us", "flag for us", {_A: _keyword("flag"), _B: Asked()}, only=[_A]),
    question("The Who", "the who", {_A: _keyword("The Who"), _B: Asked(title="The bridge")},
             first=_A),
    question("IT office", "IT office", {_A: _keyword("IT", "office"), _B: _keyword("office")},
             first=_A),
    question("a person called An", "an", {_A: _person("An Nguyen")}, first=_A),
    question("a person called Mrs Own", "own", {_A: _person("Mary Own")}, first=_A),
    question("a folder called Here", "here", {"Here/a.png": Asked()}, first="Here/a.png"),
    question("stop words of a sentence count nothing", "a dog in the park with us", {
        _A: _keyword("bread", "garlic")}, first="z1.png", missing=[_A, "z2.png", "z3.png"]),
]  # fmt: skip


def _pair(asked: str, other: str) -> list[Question]:
    """Two names of one stem: the asked name is first, the other is never sure."""
    return [
        question(f"{asked} is not {other}", asked, {_B: _person(other), _A: _person(asked)},
                 first=_A, unsure=[_B]),
        question(f"only {other} for {asked}", asked, {_B: _person(other)}, unsure=[_B]),
    ]  # fmt: skip


_PAIRS = [
    ("Mary", "Marie"), ("Marie", "Mary"), ("July", "Julie"), ("Jens", "Jen"), ("Hans", "Han"),
    ("Lucie", "Lucy"), ("Mark", "Marks"), ("Paris", "Pari"), ("Rose", "Rosing"),
    ("Andrea", "Andreas"), ("Andreas", "Andrea"), ("Luca", "Lucas"), ("Ann", "Anne"),
    ("Carla", "Carlas"), ("Danny", "Dannie"), ("Sorin", "Soring"),
]  # fmt: skip

_WHOLE = [
    *(each for asked, other in _PAIRS for each in _pair(asked, other)),
    *(question(f"Mary is not Marie, {where}", "Mary", {_B: marie, _A: mary}, first=_A, unsure=[_B])
      for where, marie, mary in (
          ("keywords", _keyword("Marie"), _keyword("Mary")),
          ("titles", Asked(title="Marie"), Asked(title="Mary")),
          ("descriptions", Asked(description="Marie at home"), Asked(description="Mary at home")),
          ("cities", Asked(city="Marie"), Asked(city="Mary")))),
    question("Mary is not Marie, folders", "Mary", {
        "Marie/1.png": Asked(), "Mary/2.png": Asked()}, first="Mary/2.png", unsure=["Marie/1.png"]),
    question("Mary is not Marie, file names", "Mary", {
        "Marie 1.png": Asked(), "Mary 2.png": Asked()}, first="Mary 2.png", unsure=["Marie 1.png"]),
    question("Mary at the sea is not Marie at the sea", "Mary at the sea", {
        _B: Asked("a boat in the sea", people=("Marie",)),
        _A: Asked("a boat in the sea", people=("Mary",))}, first=_A),
    question("an organ is no organisation", "organ", {
        _B: Asked(title="Organization"), _A: Asked(title="Organ")}, first=_A),
    question("news are not new", "news", {_B: _keyword("new"), _A: _keyword("news")}, first=_A),
    question("a stem serves the model's words", "dogs", {_A: Asked("a dog running")},
             found=[_A, "z1.png"]),
    question("a stem serves a person's words, behind the word", "swallows", {
        _B: _keyword("swallow"), _A: _keyword("swallows")}, first=_A, found=[_B]),
    question("a person's whole word before the model's", "rose", {
        _B: Asked("a rose on a table"), _A: _person("Rose")}, first=_A, found=[_B]),
    question("Kunigunde on the beach", "Kunigunde on the beach", {
        _A: _person("Kunigunde"), _B: Asked("people on the beach")}, first=_A, found=[_B]),
    question("the Isle of Man is no man", "Isle of Man", {
        _B: Asked("a man on an isle"), _A: Asked(city="Isle of Man")}, first=_A),
    question("Via Appia", "via appia", {_A: Asked(title="Via Appia"), _B: Asked("a road")},
             first=_A, only=[_A]),
    question("New York is not all that is new", "New York", {
        _B: _keyword("new"), _A: Asked(city="New York"), "x3.png": _keyword("York")}, first=_A),
    question("a town called Reading", "Reading", {
        _B: Asked("a man reading a book"), _A: Asked(city="Reading")}, first=_A, found=[_B]),
    question("both names of a person", "Ann Lee", {
        _B: _person("Ann Marsh"), _A: _person("Ann Lee"), "c.png": _person("Bo Lee")}, first=_A),
    question("accents of a name may lack", "zoe", {_A: _person("Zoë")}, first=_A, only=[_A]),
    question("accents of a query may be too many", "José", {_A: _person("Jose")}, only=[_A]),
    replace(question("the field people", "Ann", {_A: _person("Ann"), _B: _keyword("Ann")},
                     only=[_A]), fields=("people",)),
    replace(question("the field place", "Oslo", {_A: Asked(city="Oslo"), _B: _keyword("Oslo")},
                     only=[_A]), fields=("place",)),
]  # fmt: skip

# What is asked, and the keyword that must be found by it.
_SCRIPTS = {
    "東京": "東京旅行", "雷門": "浅草雷門の前で", "猫": "黒猫の昼寝", "ラーメン": "豚骨ラーメン屋",
    "旅行": "東京旅行", "서울": "서울여행", "부산": "부산에서", "长城": "北京长城一日游",
    "ทะเล": "ไปทะเลกับครอบครัว", "山田": "山田太郎", "東京旅行": "東京旅行", "万里の": "万里の長城",
    "タワー": "東京タワー", "おばあちゃん": "おばあちゃんの家", "할머니": "할머니댁",
    "ﾗｰﾒﾝ": "ラーメン", "ＴＯＫＹＯ": "Tokyo", "tokyo": "ＴＯＫＹＯ", "2019": "２０１９",
}  # fmt: skip
_UNLIKE = {"大阪": "東京旅行", "京東": "東京旅行", "부산": "서울여행", "东西": "北京长城一日游"}

_FOLDED = {
    "Strasse": "Lange Straße", "straße": "Lange Strasse", "STRASSE": "Straße", "Lodz": "Łódź",
    "Łódź": "Lodz", "Oresund": "Øresund", "Øresund": "Oresund", "smorrebrod": "Smørrebrød",
    "Muenchen": "München", "Munchen": "München", "München": "Muenchen", "Koeln": "Köln",
    "Goethe": "Göthe", "Aebler": "Æbler", "æbler": "Aebler", "dvorak": "Dvořák",
    "sao paulo": "São Paulo", "angstrom": "Ångström", "istanbul": "İstanbul",
    "Istanbul": "ISTANBUL", "Αθηνα": "Αθήνα", "ΑΘΗΝΑ": "Αθήνα", "Κύπρος": "ΚΥΠΡΟΣ",
    "κυπρος": "Κύπρος", "fish": "ﬁsh", "dakovo": "Đakovo", "naive": "naïve", "da nang": "Đà Nẵng",
    "nguyen": "Nguyễn", "oeuvre": "Œuvre", "große straße": "GROẞE STRAẞE", "isik": "Işık",
    "hamrun": "Ħamrun",
    "Алеша": "Алёша", "محمد": "مُحَمَّد", "दिल्ली": "नई दिल्ली",
    "hawaii": "Hawai'i", "xian": "Xi'an",
    "Malmoe": "Malmö", "Aarhus": "Århus", "göteborg": "GÖTEBORG",
    "malmo": "Malmö", "Faeroer": "Færøer", "Jaervi": "Järvi", "Đakovo": "Dakovo",
    "Москва": "МОСКВА", "Hawaii": "Hawaiʻi", "thingvellir": "Þingvellir",
}  # fmt: skip
_UNFOLDED = {"dual": "dül"}  # ä = ae never makes ae = a

_APART = {
    "art": "party", "son": "Nelson", "ann": "Hannah", "rome": "chrome", "123": "DSC01234",
    "東": "京都",
}  # fmt: skip

_EMOJI = {"🎂": "🎂", "🐕": "🐕 Rex", "🇳🇴": "🇳🇴", "❤️": "❤️ Ann", "👨‍👩‍👧": "👨‍👩‍👧"}


def _words(kind: str, words: dict[str, str]) -> Iterable[Question]:
    for asked, written in words.items():
        name = f"{kind}: {asked} finds {written}"
        yield question(name, asked, {_A: _keyword(written), _B: _keyword("barn")}, only=[_A])


def _no_words(kind: str, words: dict[str, str]) -> Iterable[Question]:
    for asked, written in words.items():
        name = f"{kind}: {asked} doesn't find {written}"
        yield question(name, asked, {_A: _keyword(written)}, only=[])


_SPELLINGS = [
    *_words("script", _SCRIPTS), *_no_words("script", _UNLIKE), *_no_words("part", _APART),
    *_words("letters", _FOLDED),
    *_words("emoji", _EMOJI),
    question("東京 in a file name", "東京", {"東京旅行1.png": Asked()}, first="東京旅行1.png"),
    question("東京 in a folder", "東京", {"東京旅行/a.png": Asked()}, first="東京旅行/a.png"),
    question("東京 in a person's caption", "東京", {_A: Asked(description="夏の東京旅行です")},
             first=_A),
    question("the whole word before a part of a word", "東京", {
        _B: _keyword("東京旅行"), _A: _keyword("東京")}, first=_A, found=[_B]),
    question("a part of a word and a word", "東京 beach", {
        _B: Asked("people on the beach"),
        _A: Asked("people on the beach", keywords=("東京旅行",))}, first=_A, found=[_B]),
    question("letters of two scripts", "東京", {"DSC東京.png": Asked()}, only=["DSC東京.png"]),
    question("two parts of words", "東京 雷門", {
        _B: _keyword("東京旅行"), _A: _keyword("東京旅行", "浅草雷門")}, first=_A, found=[_B]),
    question("Straße in a folder", "strasse", {"Lange Straße/a.png": Asked()},
             only=["Lange Straße/a.png"]),
    question("München as a city", "muenchen", {_A: Asked(city="München")}, only=[_A]),
    question("the spelling itself first", "Muller", {
        _B: _person("Müller"), _A: _person("Muller")}, found=[_A, _B]),
]  # fmt: skip

_PLURALS = {
    "goose": "geese", "geese": "goose", "child": "children", "children": "child", "bus": "buses",
    "buses": "bus", "mouse": "mice", "mice": "mouse", "man": "men", "men": "man",
    "woman": "women", "women": "woman", "foot": "feet", "tooth": "teeth", "leaf": "leaves",
    "leaves": "leaf", "wolf": "wolves", "knives": "knife", "lens": "lenses", "boxes": "box",
    "shelves": "shelf", "glasses": "glass", "oxen": "ox", "loaves": "loaf", "gases": "gas",
}  # fmt: skip

_FORMS = [
    *(question(f"plural: {asked} finds {seen}", asked, {_A: Asked(f"two old {seen} nearby")},
               found=[_A], first=None if asked == "man" else _A)  # another photo shows a man
      for asked, seen in _PLURALS.items()),
    *(question(f"plural: {asked} finds the keyword {written}", asked, {_A: _keyword(written)},
               found=[_A])
      for asked, written in list(_PLURALS.items())[:6]),
]  # fmt: skip

# What is asked, and the file name that must be found by it.
_FILES = {
    "beach holiday": "BeachHoliday.png", "holiday": "BeachHoliday2019.png",
    "rome": "tripToRome.png",
    "beachholiday": "BeachHoliday.png", "new york": "NewYork_01.png", "paris": "Trip2Paris.png",
    "obrien": "O'Brien.png", "o'brien": "O'Brien 2.png", "O’Brien": "O'Brien 3.png",
    "brien": "O'Brien 4.png", "01234": "DSC01234.png", "dsc01234": "DSC01234.png",
    "dsc 01234": "DSC01234.png", "4711": "IMG_4711.png",
    "oslo": "oslo-harbour_003.png", "harbour": "OSLO-Harbour.png", "iphone": "iPhone.png",
    "mcdonald": "McDonald.png", "hdr": "bridgeHDR.png", "eiffel": "TourEiffelAvril.png",
    "oslo harbour": "IMG_20190704_OsloHarbour2.png", "北京": "北京2019.png",
    "über": "ÜberDenWolken.png", "wolken": "ÜberDenWolken.png",
}  # fmt: skip

_PUNCTUATED = {
    "obrien": "O'Brien", "o'brien": "OBrien", "O’Brien": "O'Brien", "brien": "O'Brien",
    "AC/DC": "AC/DC", "ac dc": "AC/DC", "aquila": "L'Aquila", "dartagnan": "D'Artagnan",
    "jean luc": "Jean-Luc", "jean-luc": "Jean Luc", "st. moritz": "St Moritz",
    "rock'n'roll": "rock'n'roll", "A.B.C.": "A.B.C.", "o brien": "O'Brien",
    "mcdonalds": "McDonald's", "levis": "Levi's", "dangelo": "D'Angelo", "new-york": "New York",
    "#door": "barn door", "C++": "C++ course",
}  # fmt: skip

_PARTS = [
    *(question(f"file name: {asked} finds {name}", asked, {name: Asked(), "x2.png": Asked()},
               only=[name])
      for asked, name in _FILES.items()),
    *_words("punctuation", _PUNCTUATED),
    question("AC/DC is not DC", "DC", {_A: _keyword("AC/DC"), _B: _keyword("Washington DC")},
             found=[_B]),
    question("the whole name of a file", "IMG_4712.png", {
        "IMG_4713.png": Asked(), "IMG_4712.png": Asked()}, first="IMG_4712.png"),
    question("camel case in a folder", "beach holiday", {"BeachHoliday/a.png": Asked()},
             only=["BeachHoliday/a.png"]),
    question("a keyword in camel case", "beach holiday", {_A: _keyword("BeachHoliday")},
             only=[_A]),
]  # fmt: skip

_PLACES: dict[str, Callable[[str], Asked]] = {
    "keywords": _keyword, "people": _person, "titles": lambda name: Asked(title=name),
    "descriptions": lambda name: Asked(description=f"{name} at home"),
    "cities": lambda name: Asked(city=name),
}  # fmt: skip

_OTHER_NAMES = [
    *(question(f"{asked} is not {other}, {where}", asked, {_B: by(other), _A: by(asked)},
               first=_A, unsure=[_B])
      for asked, other in (("Jens", "Jen"), ("Andrea", "Andreas"), ("Luca", "Lucas"),
                           ("Han", "Hans"), ("Marie", "Maries"), ("Ali", "Alies"))
      for where, by in _PLACES.items()),
    question("a robin is a bird, Robin is none", "bird", {_A: _person("Robin")}, missing=[_A]),
    question("a rose is a flower, Rose is none", "flower", {_A: _person("Rose")}, missing=[_A]),
    question("Mum is a mother", "mother", {_A: _person("Mum")}, first=_A, only=[_A]),
    question("dogs, in a keyword in small letters", "dog", {_A: _keyword("dogs")},
             found=[_A, "z1.png"]),
    question("puffins", "puffin", {_A: _keyword("puffins")}, first=_A, only=[_A]),
    question("a puffin", "puffins", {_A: _keyword("puffin")}, first=_A, only=[_A]),
    *(question(f"the stop word {asked} finds no {name}, {where}", asked, {_A: by(name)},
               missing=[_A])
      for asked, name in {"and": "Andes", "in": "Ines", "do": "Does", "it": "Ites"}.items()
      for where, by in _PLACES.items()),
    *(question(f"the whole name {name}", name.lower(), {_A: _person(name)}, first=_A, only=[_A])
      for name in ("Will", "May", "It", "Us", "An", "Do", "Ich", "Die", "So", "Han Solo",
                   "Can Yaman", "My Linh", "Any Day", "Will Smith", "In-Su", "Both")),
    *(question(f"a keyword {name}", name, {_A: _keyword(name)}, first=_A, only=[_A])
      for name in ("May", "IT", "U.S.A.", "U.S.", "WHO", "Us", "It", "Them", "Can", "Off",
                   "All Saints", "Up")),
    *(question(f"May {asked} finds the month's keyword", asked, {_A: _keyword("May")}, first=_A)
      for asked in ("may", "May 2019")),
    question("The Who's own words", "the who", {_A: Asked(title="The Who live")}, first=_A),
]  # fmt: skip

# What is asked, and the keyword that must be found by it.
_LANGUAGES = {
    "ısparta": "Isparta", "isparta": "Isparta", "ISPARTA": "Isparta", "izmir": "İzmir",
    "İzmir": "izmir", "IZMIR": "İzmir", "Diyarbakır": "diyarbakir", "gökçe": "Gokce",
    "Wrocław": "wroclaw", "Gdansk": "Gdańsk", "zazolc gesla jazn": "Zażółć gęślą jaźń",
    "swietokrzyskie": "Świętokrzyskie", "cesky krumlov": "Český Krumlov", "Brno": "BRNO",
    "jiri": "Jiří", "tran hung dao": "Trần Hưng Đạo", "phở": "pho", "Huế": "Hue\u0302\u0301",
    "gyor": "Győr", "győr": "GYŐR", "Erdos": "Erdős", "reykjavik": "Reykjavík", "jokull": "Jökull",
    "Eyjafjallajokull": "Eyjafjallajökull", "thor": "Þór", "gudrun": "Guðrún",
    "القاهرة": "القاهره", "أحمد": "احمد", "إسطنبول": "اسطنبول", "فاطمه": "فاطمة",
    "قرآن": "قران", "كتاب": "کتاب", "مـحـمـد": "محمد", "می‌خواهم": "می‌خواهم", "میخواهم": "می‌خواهم",
    "שלום": "שָׁלוֹם", "שָׁלוֹם": "שלום", "צה\"ל": "צה״ל", "צהל": "צה״ל",
    "मुंबई": "मुंबई", "हिन्दी": "हिन्दी", "क़िला": "क़िला", "ताजमहल": "ताजमहल आगरा",
    "กรุงเทพ": "กรุงเทพมหานคร", "เชียงใหม่": "เที่ยวเชียงใหม่",
    "서울": "\u1109\u1165\u110b\u116e\u11af", "\u1109\u1165\u110b\u116e\u11af": "서울여행",
    "ﾄｳｷｮｳ": "トウキョウ", "トウキョウ": "ﾄｳｷｮｳ", "ガーデン": "ｶﾞｰﾃﾞﾝ", "王伟": "王伟和李娜",
    "臺北": "臺北一○一", "京都": "京都市", "ひらがな": "ひらがなの本", "한국": "한국어",
    "Санкт-Петербург": "санкт петербург", "Київ": "КИЇВ", "йод": "Йод", "Ёлка": "елка",
    "Θεσσαλονίκη": "ΘΕΣΣΑΛΟΝΙΚΗ", "Ὀδυσσεύς": "Οδυσσευς", "αθηνας": "Αθήνας",
    "Երեվան": "ԵՐԵՎԱՆ", "თბილისი": "თბილისი", "Ⅻ": "XII", "²": "2 ²", "ﬂower": "flower",
    "zurich": "Zürich", "zuerich": "Zürich", "ZÜRICH": "Zuerich", "weissbier": "Weißbier",
    "ile": "Île", "lillehammer": "LILLEHAMMER", "tromsoe": "Tromsø", "Tromsö": "Tromsø",
    "kobenhavn": "København", "koebenhavn": "København", "malaga": "Ma\u0301laga",
    "Paral·lel": "Parallel", "parallel": "Paral·lel", "Oahu": "Oʻahu", "O'ahu": "Oʻahu",
    "Oʻahu": "O'ahu", "oʼbrien": "O'Brien", "O`Brien": "OBrien", "O´Brien": "O′Brien",
    "Hawaiʼi": "Hawaii", "Hawai′i": "Hawaii", "Nuʻuanu": "Nuuanu", "Ša‘lan": "Salan",
    "２０１９": "2019", "٢٠١٩": "2019", "2019": "२०१९", "Ｉｐｈｏｎｅ": "iPhone",
    "🏴": "🏴", "👍🏽": "👍", "👍": "👍🏽", "☀": "☀️", "☀️": "☀", "🥨": "🥨 Brezn", "🇩🇪": "🇩🇪 2019",
}  # fmt: skip

_KINDS_OF_NAMES = {
    "von der leyen": "Ursula von der Leyen", "van gogh": "Vincent van Gogh", "JR": "J. R. Ewing",
    "J. R.": "J.R. Ewing", "j r ewing": "J.R. Ewing", "jr ewing": "J.R. Ewing", "J.R.": "JR",
    "oneill": "O'Neill", "O Neill": "O'Neill", "mcgregor": "McGregor", "mc gregor": "McGregor",
    "macdonald": "MacDonald", "anna lena": "Anna-Lena", "annalena": "Anna-Lena",
    "anna-lena": "Annalena", "usa": "U.S.A.", "u.s.a.": "USA", "USA": "U.S.A", "uk": "U.K.",
    "tom & jerry": "Tom & Jerry", "tom jerry": "Tom & Jerry", "tom and jerry": "Tom & Jerry",
    "R&B": "R&B", "rnb": "RnB", "H&M": "H&M", "hm": "H&M", "AT&T": "AT&T", "att": "AT&T",
    "acdc": "AC/DC", "TCP/IP": "TCP/IP", "10 downing": "10 Downing Street", "7-eleven": "7-Eleven",
    "seven": "Seven7", "iphone 12": "iPhone12", "iPhone12": "iPhone12", "iphone": "iPhone12",
    "iphone12": "iPhone 12", "ps5": "PS5", "F-16": "F16", "f16": "F-16", "b-52": "B52",
    "windows95": "Windows 95", "camelcase": "camelCase", "camel case": "camelCase",
    "snake": "snake_case", "snake case": "snake_case", "snake_case": "snake case",
    "2019": "Summer2019", "summer": "Summer2019", "1990s": "1990s",
    "1990": "1990s", "3d": "3D", "4x4": "4x4", "st tropez": "St.Tropez", "dr smith": "Dr.Smith",
    "#summer": "#SummerVibes", "vibes": "#SummerVibes", "@anna": "@anna_b", "anna_b": "@anna_b",
    "jean luc picard": "Jean-Luc Picard", "d'angelo": "DAngelo", "l'aquila": "LAquila",
    "jan's": "Jan", "james'": "James", "James's": "James", "rock n roll": "Rock'n'Roll",
    "rocknroll": "Rock'n'Roll", "saint-étienne": "Saint Etienne", "cote d azur": "Côte d'Azur",
    "cote dazur": "Côte d'Azur", "X": "X", "V": "V", "Q7": "Q7",
}  # fmt: skip

_FILES_TOO = {
    "may 2019": "2019-05_May.png", "img 0001": "IMG_0001(1).png", "0001": "IMG_0001(1).png",
    "dsc1": "DSC1.png", "20190704": "IMG_20190704_101112.png",
    "iphone": "photo_iPhone12Pro.png", "pro": "photo_iPhone12Pro.png",
    "hawaii": "Hawaiʻi 2019.png", "jürgen": "Ju\u0308rgen.png", "will": "Will.png",
    "us": "US.png", "anna": "anna&bob.png", "xmas": "XMas2018.png",
    "wa0012": "IMG-20190101-WA0012.png", "🎂": "🎂.png", "🎂 ann": "🎂 Ann.png",
}  # fmt: skip

_TOO = [
    *_words("language", _LANGUAGES), *_words("name", _KINDS_OF_NAMES),
    *(question(f"file name too: {asked} finds {name}", asked, {name: Asked(), "x2.png": Asked()},
               only=[name])
      for asked, name in _FILES_TOO.items()),
    question("the dog of my_dog", "my dog", {"my_dog.png": Asked()}, first="my_dog.png"),
    question("the whole name, small", "img_4712.png", {"IMG_4712.png": Asked()},
             first="IMG_4712.png", unsure=["z1.png"]),
    question("another file's number", "IMG_4712.png", {"IMG_4713.png": Asked()},
             unsure=["IMG_4713.png", "z1.png"]),
    question("the ending alone", "png", {_A: Asked()}, found=[_A, "z1.png"]),
    *(question(f"an emoji alone, {where}", "🎂", {_A: by("🎂")}, only=[_A])
      for where, by in _PLACES.items()),
    question("only punctuation is no keyword", "---", {_A: _keyword("---")}, only=[]),
]  # fmt: skip

QUESTIONS = {
    "names: others": [*_OTHER_NAMES, *_TOO],
    "names: whole": [*_STOP_WORDS, *_WHOLE],
    "names: letters": [*_SPELLINGS, *_no_words("letters", _UNFOLDED)],
    "names: forms": [*_FORMS, *_PARTS],
}
