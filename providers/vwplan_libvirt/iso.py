"""A seed as a disk: an ISO 9660 image labelled `cidata`, packed and read back."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping

LABEL = "cidata"
DESCRIPTORS = range(16 * 2048, 18 * 2048)
"""Where in the image it says that it is one, in bytes; without that it holds nothing."""
_SECRET = 0o100400
_OPEN = 0o100444


def pack(files: Mapping[str, bytes], secret: frozenset[str] = frozenset()) -> bytes:
    """The image with these files, by path; only root may read those in `secret`."""
    import pycdlib

    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    made: dict[str, str] = {}
    for number, (path, content) in enumerate(sorted(files.items())):
        folder, _, name = path.rpartition("/")
        under = _folder(image, folder, made)
        image.add_fp(
            io.BytesIO(content),
            len(content),
            f"{under}/F{number:06d}.;1",
            rr_name=name,
            joliet_path=f"/{path}",
            file_mode=_SECRET if path in secret else _OPEN,
        )
    out = io.BytesIO()
    image.write_fp(out)
    image.close()
    return out.getvalue()


def _folder(image: object, folder: str, made: dict[str, str]) -> str:
    """The short name of a folder, made with those above it where it is not there yet."""
    if not folder:
        return ""
    if folder not in made:
        above, _, name = folder.rpartition("/")
        made[folder] = f"{_folder(image, above, made)}/D{len(made):06d}"
        image.add_directory(made[folder], rr_name=name, joliet_path=f"/{folder}", file_mode=0o040555)  # type: ignore[attr-defined]
    return made[folder]


def unpack(content: bytes) -> dict[str, bytes]:
    """The files of an image, by path; none where it is no image, or a damaged one."""
    from pycdlib.pycdlibexception import PyCdlibException

    try:
        return _files(content)
    except (PyCdlibException, LookupError, ValueError, struct.error):
        return {}


def _files(content: bytes) -> dict[str, bytes]:
    import pycdlib

    image = pycdlib.PyCdlib()
    image.open_fp(io.BytesIO(content))
    files: dict[str, bytes] = {}
    for folder, _, names in image.walk(joliet_path="/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            out = io.BytesIO()
            image.get_file_from_iso_fp(out, joliet_path=path)
            files[path.lstrip("/")] = out.getvalue()
    image.close()
    return files
