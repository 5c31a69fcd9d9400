"""Junk: texts that cameras and programs write where a person's words belong.

There are two kinds. Junk is surely no person's: it is stored nowhere. A doubtful text looks like
the name of a file, a camera or a program, but a person may have written it: it is no caption, but
it is searched.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

from photosearch.photo.calendar import FIRST_YEAR

_LONGEST = 300
"""No banner or name is longer, in characters."""

_MAKERS = (
    r"(?:agfa ?photo|benq|canon|casio|concord|dji|epson|fuji(?:film)?|ge|gopro|hasselblad|"
    r"hewlett-packard|hp|htc|insta360|huawei|jenoptik|jvc|kodak|konica|kyocera|leica|lge?|maginon|"
    r"medion|minolta|motorola|mustek|nikon|nokia|olympus|oneplus|oppo|panasonic|pentax|polaroid|"
    r"praktica|realme|ricoh|rollei|samsung|sanyo|sigma|sjcam|sony(?: ?ericsson)?|toshiba|vivitar|"
    r"vivo|xiaomi|yakumo|zte)"
)
# Names of programs that are no words of any language, and those that may be words.
_BANNERS = (
    r"(?:accusoft|acd ?systems|acdsee|adobe (?:photoshop|lightroom|imageready|illustrator)|"
    r"affinity (?:photo|designer|publisher)|apple ?mark|camscanner|capture one|darktable|digikam|"
    r"dxo(?: photolab| opticspro)?|exiftool|faststone|ffmpeg|gd-jpeg|(?:the )?gimp|gthumb|"
    r"image ?magick|imageready|inkscape|irfanview|jasc|jpegmini|lavc[\d.]+|lead ?tools|"
    r"lead technologies|libgd|lightroom|matplotlib|ms ?paint|on1 photo raw|openjpeg|"
    r"(?:corel )?paint ?shop pro|paint\.net|photo ?filtre|photo ?scape|photomatix|photoshop|picasa|"
    r"picmonkey|picsart(?: photo studio)?|pixlr|ptgui|rawtherapee|silverfast|snapseed|"
    r"vsco(?: ?cam)?|vuescan|windows photo gallery|xnview)"
)
_PROGRAMS = (
    rf"(?:{_BANNERS}|adobe|aperture|canva|corel|fotor|flameshot|gnome-screenshot|"
    rf"google(?: photos?)?|greenshot|imgflip|instagram|intel|krita|lightshot|luminar|lunapic|"
    rf"moldiv|mylio|microsoft(?: (?:office|paint|photos?))?|polarr|sharex|shotwell|skitch|"
    rf"snagit|spectacle|topaz(?: labs)?|u-?lead)"
)
_VERSION = (  # of a program, and what it runs on
    r"(?:\W+(?:v|ver|version|rev)?\.?\d+(?:\.\w+)*|\W+(?:cs\d?|cc|classic|elements|express|pro|"
    r"ultimate|studio|ai|x|album|for|on|a|mac|macintosh|windows|linux|android|ios|version|inc|ltd|"
    r"corp))*\W*"
)
_MADE = (
    r"(?:file |image )?(?:created?|creator|edited|enhanced|exported|generated|made|optimi[sz]ed|"
    r"compressed|converted|processed|produced|resized|saved|scanned|software|written)\W+"
    r"(?:(?:by|with|in|using|from|on)\W+)?"
)
_ENDINGS = (
    r"\.(?:jpe?g|jpe|png|gif|tiff?|webp|hei[cf]|avif|bmp|raw|cr[23w]|nef|arw|dng|raf|orf|rw2|psd|"
    r"xcf|mp4|mov|avi)"
)


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_BY_CAMERA = _any_of(
    rf"(?:{_MAKERS}[\w ]* )?digital (?:still ?)?camera",
    rf"{_MAKERS} dsc(?: picture)?|dcf 1\.0",
    rf"#?(?:shot|taken|photographed) (?:on|with|by) (?:an? |my )?"
    rf"(?:{_MAKERS}|hipstamatic|honor|infinix|iphone|mi|nubia|pixel|poco|redmi|tecno)"
    r"(?: [\w-]*\d[\w-]*| (?:x|s|se|r|ai|pro|max|mini|plus|lite|ultra|note|nord|reno|find|galaxy|"
    r"nfc|triple|quad|dual|camera))*",
    r"sent from my [\w ]+",
    r"samsung camera pictures?",
    r"<(?:digimax|kenox|samsung)[^<>]*>",
    r"exif[_ ]jpeg(?:[_ ][\w.]+)?",
    r"hellomoto",
    r"(?:my|a) beautiful picture",
    r"(?:my|default|no) (?:picture )?description",
    r"dcim(?:[\\/].*|\d{3}\w*)",
    r"_cuva|[a-z]{2,7}_(?:soft|vivi|nowm)",
    r"oplus_\d+",
    r"binary comment",
)
# Scene modes of Huawei's cameras, in small letters: "dav" is a camera's, "Dav" is a person.
_SCENE = re.compile(
    r"(?:oz|fz)?(?:bst|btf|bty|burst|cof|dav|edf|fbm|fbt|gmf|hdr(?:pl)?|mde|nor|ptr|rbt|rhdr|rpt|"
    r"sdr|vhdr|wsr){1,2}(?:[A-Z]{2,4}|co|wo)?(?:_\w+)*"
)
_BY_PROGRAM = _any_of(
    rf"{_MADE}(?:the\W+)?{_PROGRAMS}{_VERSION}",
    rf"(?!(?:the )?gimp$){_BANNERS}{_VERSION}",  # it may be a pet, too
    r"xv version \d.*",
    rf"{_PROGRAMS}(?: [\w.]+){{0,3}} v?\d+\.\d+{_VERSION}",
    r"(?:accusoft corp|acd systems|handmade software|intel\(r\)|lead technologies).*",
    r"u-?lead systems.*",
    r".*(?:ijg jpeg|jpeg (?:library, v|encoder copyright)).*",
    r"untitled(?:[ -]+(?:design|document|image|panorama|project|export|photo))?(?:[ -]*\d+)?",
    r"charset ?= ?\w+",
    r"cmp\d+(?:\.\d+)+\w* 0x[0-9a-f]+",  # Yahoo's and Flickr's compressor
)
_IDENTIFIER = _any_of(
    r"\W*[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\W*",  # a UUID
    r"(?:0x)?(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{16,}",  # a digest
    r"v\d+(?:\.\d+){2,}|\d(?:\.\d){2,3}",  # a version
    r"fbmd[0-9a-f]{8,}",  # Facebook's special instructions
    r"(?:xmp\.[did]id|uuid|urn|adobe:docid):[\w:-]{8,}|xr:d:\S+",
)
_DATA = _any_of(
    r"\{ *(?:[\"'}]|\w+ *[:=]).*", r"\[ *[\{\"'].*", r"<\?xml.*", r"</?[a-z:]+ [a-z:]+=\".*"
)
_BASE64 = re.compile(r"(?=\D*\d)[A-Za-z0-9+/_-]{24,}={0,2}", re.ASCII)
_TURN = re.compile(r"[a-z](?=[A-Z0-9])|[0-9](?=[A-Za-z])", re.ASCII)
# filter: 0; fileterIntensity: 0.0; module: photo; touch: (0.4, 0.5);   or   Type=N, Mode=P, DE=None
_SETTING = re.compile(r"[\w-]+ ?[:=] ?(?P<value>[^;:=]*)")
_VALUE = re.compile(r"[-+(\d., )]*|true|false|null|none|on|off|[A-Z]", re.IGNORECASE)

_SERIES = (
    r"(?:camedia|coolpix|cyber-?shot|dimage|easyshare|exilim|finepix|ixus|lumix|mavica|optio|"
    r"photosmart|powershot|vivicam)"
)
_COPY = r"(?: ?\(\d{1,3}\)| \d{1,2}|(?: | - )(?:copy|kopie|copie|copia)(?: \d+)?)?"

_DOUBTFUL = _any_of(
    rf"(?:{_MAKERS}|{_SERIES}|{_MAKERS} {_SERIES})"
    r"(?: (?:corporation|corp|imaging|co|optical|electronics|inc|ltd)\b\.?,?)*"
    r"(?: [\w-]*\d[\w-]*| (?:eos|powershot|ixus|coolpix|finepix|lumix|galaxy|dsc|cyber-?shot|"
    r"easyshare|digimax|stylus|rebel|optio|exilim|mark|[a-z]))*",
    rf"[\w ]* digital (?:still ?)?camera|{_MAKERS}\b[\w ]* camera|camera ?phone",
    r"hdr|pano(?:rama)?|screenshot|(?:user )?comments?|jpe?g|dsc|ascii|unicode|jis",
    r"microsoft \w+ - .*",
    r"\(?null\)?|undefined|unknown|none|n/a|(?-i:default)|no title",
    r"(?:image ?)?(?:title|description)",
    r"(?:sans titre|unbenannt|ohne titel|sin título|senza titolo|sem título|naamloos|bez názvu|"
    r"без имени|无标题|未命名|無題|名称未設定|제목 없음)(?:[ -]*\d+)?",
    r"(?:apple )?(?:ip(?:hone|ad|od)|pixel|redmi|poco|digimax|hero)(?=[^\d]*\d)(?: ?\w+){1,4}",
    r"(?:v|ver|version|rev)[. ]?\d+\.\d+",
    r"[-._*,;:/\\ ]+",
    r"(?:bild|foto|file|image|img|photo|pic|picture|scan)(?:[ -]?\d{1,3}|[ -]?0\d*)?",
    r"(?:processed|edited|enhanced|exported|generated|optimi[sz]ed|compressed|converted|resized) "
    r"(?:by|with|in|using|from) .*",
    r"(?:created|made|produced) (?:with|in|using) (?-i:[A-Z][a-z]+[A-Z]\w*).*",
    rf"{_PROGRAMS}(?: \d+)?",
    r"<[^<>]*>",
    r"(?:https?://|www\.)\S+",
    r"(?:[a-z]:)?[\\/]+[^\\/]+[\\/].*",  # a path
    rf".*{_ENDINGS}",
    rf"[^\s_]*_\S*{_COPY}",  # IMG_1234, IMG_1234 (1), dav_2, MY_PICTURE
    r"full ?size ?render|image (?:uploaded )?from ios|scanned (?:image|document|photo)",
    r"\d+",
    rf"(?:cimg|dcp|dsc[fn]?|gopr|hpim|imag|imgp?|pict|sany|sdc)[ -]?e?\d{{3,}}\S*{_COPY}",
    rf"[plrs]\d{{6,7}}{_COPY}|\d{{3}}-\d{{4}}",
    # But 2019-07-04 and 1965-1970 are a person's.
    r"(?!\d{4}-\d\d-\d\d$|(?:18|19|20)\d\d-(?:18|19|20)\d\d$)[\d-]{8,}(?:-?wa\d+)?",
    r"[a-z]{2,4}-(?:[a-z]{1,3}\d{2,}|\dm\d)\w*",  # a phone or a camera: SM-G950F, ILCE-7M3
    # A code: eight characters or more, four digits or more. But "Paris2019" is a person's.
    r"(?![^\W\d]+(?:19|20)\d\d$)(?=\S*[^\W\d])(?=(?:\S*?\d){4})\S{8,}",
)

_PROGRAM = _any_of(_PROGRAMS)

OWN_BRANCHES = frozenset({"darktable", "_digikam_internal_tags_"})
"""First levels of the keyword hierarchies that programs keep for themselves, in small letters."""

_SEPARATOR = re.compile(r"[|/]")
_DARKTABLE = "darktable"
# The levels that darktable writes below its own; flat lists of keywords have them too.
_BY_DARKTABLE = frozenset(
    "avif bmp changed exported exr format hdr heif jpeg jpg jxl local-copy pfm png printed rgbe "
    "style styles tif tiff webp xcf".split()
)


def is_junk(text: str) -> bool:
    """Return whether a text in one line is surely a camera's or a program's."""
    return bool(_SCENE.fullmatch(text)) or _is_banner(text) or _is_data(text)


def is_doubtful(text: str) -> bool:
    """Return whether a text in one line looks like the name of a file, a camera or a program.

    A year is no number: "2019" is a person's.
    """
    if text.isdecimal() and len(text) == 4:
        return not FIRST_YEAR <= int(text) <= datetime.date.today().year + 1
    return len(text) <= _LONGEST and bool(_DOUBTFUL.fullmatch(text))


def is_own_branch(levels: Sequence[str]) -> bool:
    """Return whether a keyword, given by its levels, stands in a branch that a program keeps."""
    return bool(levels) and levels[0].strip().casefold() in OWN_BRANCHES


def without_own(keywords: Iterable[str], branches: Iterable[Sequence[str]] = ()) -> tuple[str, ...]:
    """Return the keywords that people gave: those of a flat list, then all levels of hierarchies.

    Programs' own branches are left out. The copies of their levels in the flat list are left out
    too, except where a person's hierarchy has the same level.

    Args:
        keywords: the flat list, in one line each.
        branches: hierarchical keywords, each by its levels from the top.
    """
    keywords, branches = list(keywords), list(branches)
    levels = [level for branch in branches if not is_own_branch(branch) for level in branch]
    own = {level.casefold() for branch in branches if is_own_branch(branch) for level in branch}
    if any(_SEPARATOR.split(keyword)[0].casefold() == _DARKTABLE for keyword in keywords):
        own |= {_DARKTABLE, *_BY_DARKTABLE}
    own -= {level.casefold() for level in levels}
    flat = [
        keyword
        for keyword in keywords
        if keyword.casefold() not in own and not is_own_branch(_SEPARATOR.split(keyword))
    ]
    return tuple(each for each in (*flat, *levels) if not _is_junk_keyword(each))


def _is_junk_keyword(text: str) -> bool:
    """Return whether a keyword is junk. People do give keywords like "hdr" and "photoshop"."""
    return not _PROGRAM.fullmatch(text) and (_is_banner(text) or _is_data(text))


def _is_banner(text: str) -> bool:
    """Return whether a text is one of those that cameras and programs write into every file."""
    if len(text) > _LONGEST:
        return False
    return any(kind.fullmatch(text) for kind in (_BY_CAMERA, _BY_PROGRAM, _IDENTIFIER))


def _is_data(text: str) -> bool:
    """Return whether a text is JSON, XML, base64, or a list of a camera's settings."""
    if _DATA.fullmatch(text):
        return True
    if _BASE64.fullmatch(text):  # letters and digits take turns more often than in any word
        return text.endswith("=") or len(_TURN.findall(text)) >= len(text) // 6
    parts = [part.strip() for part in text.strip(" ;").split(";" if ";" in text else ",")]
    settings = [found for part in parts if (found := _SETTING.fullmatch(part))]
    plain = [found for found in settings if _VALUE.fullmatch(found["value"].strip())]
    return len(parts) == len(settings) >= 3 and 2 * len(plain) > len(parts)
