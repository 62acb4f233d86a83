"""Writes GGUF version 3 (the specification is ggml's docs/gguf.md): header, metadata, tensors."""
import struct

import numpy

ALIGNMENT = 32
UINT32, INT32, FLOAT32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
ELEMENTS = {"uint8": 0, "int8": 1, "uint32": UINT32, "float32": FLOAT32}  # of numpy arrays


def _string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(value):
    if isinstance(value, bool):
        return BOOL, struct.pack("<?", value)
    if isinstance(value, int):
        return UINT32, struct.pack("<I", value)
    if isinstance(value, float):
        return FLOAT32, struct.pack("<f", value)
    if isinstance(value, str):
        return STRING, _string(value)
    if isinstance(value, numpy.ndarray):
        return ARRAY, struct.pack("<IQ", ELEMENTS[value.dtype.name], len(value)) + value.tobytes()
    kind = STRING if isinstance(value[0], str) else INT32
    body = b"".join(_string(v) if kind == STRING else struct.pack("<i", v) for v in value)
    return ARRAY, struct.pack("<IQ", kind, len(value)) + body


def write(path, metadata, tensors):
    """tensors: name -> float32 numpy array, rows first."""
    offset, infos = 0, b""
    for name, array in tensors.items():
        infos += _string(name) + struct.pack("<I", array.ndim)
        infos += b"".join(struct.pack("<Q", size) for size in reversed(array.shape))
        infos += struct.pack("<IQ", 0, offset)
        offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
    with open(path, "wb") as file:
        file.write(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
        for key, value in metadata.items():
            kind, body = _value(value)
            file.write(_string(key) + struct.pack("<I", kind) + body)
        file.write(infos)
        file.write(b"\0" * (-file.tell() % ALIGNMENT))
        for array in tensors.values():
            file.write(array.astype("<f4").tobytes())
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
