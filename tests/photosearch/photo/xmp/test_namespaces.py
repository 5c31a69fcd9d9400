"""Namespaces: known by their addresses, also odd ones, or else by their prefixes."""

import pytest

from photosearch.photo.xmp.namespaces import declarations, usual_name


@pytest.mark.parametrize(
    ("attributes", "name", "usual"),
    [
        ({"xmlns:a": "http://purl.org/dc/elements/1.1/"}, "a:title", "dc:title"),
        ({"xmlns:a": "https://purl.org/dc/elements/1.1"}, "a:title", "dc:title"),
        ({"xmlns:a": " http://PURL.org/dc/elements/1.1/# "}, "a:title", "dc:title"),
        ({"xmlns": "http://purl.org/dc/elements/1.1/"}, "title", "dc:title"),
        ({"xmlns:xap": "http://ns.adobe.com/xap/1.0/"}, "xap:Rating", "xmp:Rating"),
        ({"xmlns:dc": "http://example.com/wrong"}, "dc:title", "dc:title"),
        ({"xmlns:dc": "http://ns.adobe.com/xap/1.0/"}, "dc:Rating", "xmp:Rating"),
        ({}, "xap:Rating", "xmp:Rating"),
        ({}, "dc:title", "dc:title"),
        ({}, "title", "title"),
        ({"xmlns:a": "http://example.com/"}, "a:title", "a:title"),
    ],
)
def test_names(attributes: dict[str, str], name: str, usual: str) -> None:
    assert usual_name(name, declarations(attributes)) == usual
