"""PNG files without their texts and colour profiles, which Pillow refuses to unpack beyond a megabyte."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DROPPED = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
"""Chunks that no pixel depends on (PNG specification, third edition, 11.3)."""
_FRAME = 12
"""Bytes of a chunk beside its data: length, type and checksum."""


def without_texts(contents: bytes) -> bytes:
    """The file without such chunks; the same bytes if it has none, is no PNG or breaks off."""
    if not contents.startswith(SIGNATURE):
        return contents
    kept, place = [SIGNATURE], len(SIGNATURE)
    while place < len(contents):
        end = place + _FRAME + int.from_bytes(contents[place : place + 4], "big")
        if end > len(contents):
            return contents
        if contents[place + 4 : place + 8] not in DROPPED:
            kept.append(contents[place:end])
        place = end
    return b"".join(kept)
