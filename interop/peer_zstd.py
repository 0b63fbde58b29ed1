"""zstd with the accord's dictionary, magicless frames (record.md section 7, `coder`), by ctypes on libzstd."""

from __future__ import annotations

import ctypes
import ctypes.util

_D_FORMAT, _C_FORMAT = 1000, 10          # ZSTD_d_format, ZSTD_c_format (experimental parameters)
_C_LEVEL, _C_CONTENT_SIZE, _C_CHECKSUM, _C_DICT_ID = 100, 200, 201, 202
_MAGICLESS = 1


class ZstdError(ValueError):
    """The text does not unpack."""


class Coder:
    """One dictionary, both directions.  `usable` is False where libzstd is not installed."""

    def __init__(self, dictionary: bytes):
        self.dictionary = dictionary
        try:
            self.lib = ctypes.CDLL("libzstd.so.1")
        except OSError:
            self.lib = None
            return
        for name in ("ZSTD_createDCtx", "ZSTD_createCCtx"):
            getattr(self.lib, name).restype = ctypes.c_void_p
        for name in ("ZSTD_decompressDCtx", "ZSTD_compress2", "ZSTD_DCtx_setParameter", "ZSTD_CCtx_setParameter",
                     "ZSTD_DCtx_loadDictionary", "ZSTD_CCtx_loadDictionary"):
            getattr(self.lib, name).restype = ctypes.c_size_t
        self.d = ctypes.c_void_p(self.lib.ZSTD_createDCtx())
        self.c = ctypes.c_void_p(self.lib.ZSTD_createCCtx())
        self._ok(self.lib.ZSTD_DCtx_setParameter(self.d, _D_FORMAT, _MAGICLESS))
        self._ok(self.lib.ZSTD_CCtx_setParameter(self.c, _C_FORMAT, _MAGICLESS))
        for parameter, value in ((_C_LEVEL, 19), (_C_CONTENT_SIZE, 0), (_C_CHECKSUM, 0), (_C_DICT_ID, 0)):
            self._ok(self.lib.ZSTD_CCtx_setParameter(self.c, parameter, value))
        size = ctypes.c_size_t(len(dictionary))
        self._ok(self.lib.ZSTD_DCtx_loadDictionary(self.d, dictionary, size))
        self._ok(self.lib.ZSTD_CCtx_loadDictionary(self.c, dictionary, size))

    @property
    def usable(self) -> bool:
        return self.lib is not None

    def _ok(self, result: int) -> int:
        if self.lib.ZSTD_isError(ctypes.c_size_t(result)):
            raise ZstdError("zstd refuses")
        return result

    def unpack(self, packed: bytes, most: int) -> bytes:
        if not self.usable:
            raise ZstdError("no libzstd here")
        out = ctypes.create_string_buffer(most)
        n = self._ok(self.lib.ZSTD_decompressDCtx(self.d, out, ctypes.c_size_t(most), packed, ctypes.c_size_t(len(packed))))
        return out.raw[:n]

    def pack(self, plain: bytes) -> bytes:
        room = len(plain) + 128
        out = ctypes.create_string_buffer(room)
        n = self._ok(self.lib.ZSTD_compress2(self.c, out, ctypes.c_size_t(room), plain, ctypes.c_size_t(len(plain))))
        return out.raw[:n]
