"""The yearly XML files of CDC and CMS: well-formed, of the kind that was asked for, of a stated fiscal year."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from claimwright.errors import SourceError


def read_root(file: Path, data: bytes, tag: str, document: str) -> tuple[ET.Element, int]:
    """The root element `tag` of `data` and the fiscal year it states; `SourceError` for another file."""
    try:
        root = ET.parse(io.BytesIO(data)).getroot()  # noqa: S314 - expat refuses entity bombs
    except ET.ParseError as error:
        line, column = error.position
        raise SourceError(f"{file}:{line}:{column}", f"not well-formed XML ({error.msg.split(':')[0]})") from None
    except (LookupError, ValueError) as error:  # an encoding that expat does not know
        raise SourceError(str(file), f"not well-formed XML ({error})", "UTF-8") from None
    if root.tag != tag:
        raise SourceError(str(file), f"root element is <{root.tag}>", f"<{tag}> of {document}")
    version = (root.findtext("version") or "").strip()
    if not re.fullmatch(r"20[1-9]\d", version):
        raise SourceError(str(file), f"<version> is {version!r}", "a fiscal year such as 2026")
    return root, int(version)
