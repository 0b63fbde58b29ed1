// The magicless format and the buffer mode below are among zstd's "static only" parameters. The
// values have been the same since zstd 1.4, and every call is checked.
#define ZSTD_STATIC_LINKING_ONLY
#include "wire/coder.h"

#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/check.h"

namespace detente::wire {
namespace {

constexpr int kLevel = 12;  // higher ones gain nothing on texts this short and cost a quarter more time
// Covers dictionary and text, so that all of the dictionary is in reach. A frame may ask for no
// more than the second, whatever another version's encoder prefers.
constexpr int kWindowLog = 17;
constexpr int kWindowLogMax = 20;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  DETENTE_CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)));
}

void set(ZSTD_DCtx* context, ZSTD_dParameter parameter, int value) {
  DETENTE_CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(context, parameter, value)));
}

// What every frame of ours has, however long was searched for it.
void set_form(ZSTD_CCtx* compressor) {
  set(compressor, ZSTD_c_format, ZSTD_f_zstd1_magicless);
  set(compressor, ZSTD_c_compressionLevel, kLevel);
  set(compressor, ZSTD_c_windowLog, kWindowLog);
  set(compressor, ZSTD_c_contentSizeFlag, 0);
  set(compressor, ZSTD_c_checksumFlag, 0);
  set(compressor, ZSTD_c_dictIDFlag, 0);
}

// Found by trying all of zstd's strategies on passages of 100 and 200 characters: the shortest
// frames of those that take no more than 3 microseconds.
void set_quick(ZSTD_CCtx* compressor) {
  set(compressor, ZSTD_c_strategy, ZSTD_greedy);
  set(compressor, ZSTD_c_hashLog, 16);
  set(compressor, ZSTD_c_chainLog, 15);
  set(compressor, ZSTD_c_searchLog, 6);
  set(compressor, ZSTD_c_minMatch, 5);
}

// Tables are digested at first use; a damaged dictionary shows here, not at the first message.
bool takes(ZSTD_CCtx* compressor, ByteView dictionary) {
  Bytes trial(ZSTD_compressBound(1));
  const std::uint8_t letter = 'a';
  return !ZSTD_isError(ZSTD_CCtx_loadDictionary(compressor, dictionary.data(), dictionary.size())) &&
         !ZSTD_isError(ZSTD_compress2(compressor, trial.data(), trial.size(), &letter, 1));
}

}  // namespace

struct TextCoder::Contexts {
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> compressor{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> quick{ZSTD_createCCtx()};
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> decompressor{ZSTD_createDCtx()};
};

TextCoder::TextCoder(std::unique_ptr<Contexts> contexts) : contexts_(std::move(contexts)) {}
TextCoder::TextCoder(TextCoder&&) noexcept = default;
TextCoder& TextCoder::operator=(TextCoder&&) noexcept = default;
TextCoder::~TextCoder() = default;

Result<TextCoder> TextCoder::with_dictionary(ByteView dictionary) {
  if (dictionary.size() > kDictionaryBytesMax) {
    return fail(Fault::kLimit, "the dictionary has " + std::to_string(dictionary.size()) +
                                   " bytes, and " + std::to_string(kDictionaryBytesMax) +
                                   " is the most");
  }
  auto contexts = std::make_unique<Contexts>();
  ZSTD_DCtx* decompressor = contexts->decompressor.get();
  DETENTE_CHECK(contexts->compressor && contexts->quick && decompressor != nullptr);
  set_form(contexts->compressor.get());
  set_form(contexts->quick.get());
  set_quick(contexts->quick.get());
  set(decompressor, ZSTD_d_format, ZSTD_f_zstd1_magicless);
  set(decompressor, ZSTD_d_windowLogMax, kWindowLogMax);
  set(decompressor, ZSTD_d_stableOutBuffer, 1);  // no window of its own: memory is max_bytes
  const bool is_dictionary =
      ZDICT_getDictID(dictionary.data(), dictionary.size()) != 0 &&
      !ZSTD_isError(ZSTD_DCtx_loadDictionary(decompressor, dictionary.data(), dictionary.size())) &&
      takes(contexts->compressor.get(), dictionary) && takes(contexts->quick.get(), dictionary);
  if (!is_dictionary) {
    return fail(Fault::kMalformed,
                "these bytes are no zstd dictionary; take the file that the "
                "accord names by its digest");
  }
  return TextCoder(std::move(contexts));
}

Coded TextCoder::encode(ByteView text, Effort effort) const {
  ZSTD_CCtx* compressor =
      effort == Effort::kQuick ? contexts_->quick.get() : contexts_->compressor.get();
  Coded coded{kCoderZstd, Bytes(ZSTD_compressBound(text.size()))};
  const std::size_t size = ZSTD_compress2(compressor, coded.bytes.data(), coded.bytes.size(),
                                          text.data(), text.size());
  DETENTE_CHECK(!ZSTD_isError(size));  // the buffer is as large as zstd asks for
  if (size >= text.size()) return {kCoderRaw, to_bytes(text)};
  coded.bytes.resize(size);
  return coded;
}

Result<Bytes> TextCoder::decode(std::uint8_t coder, ByteView coded, std::size_t max_bytes) const {
  const auto too_long = [&] {
    return fail(Fault::kLimit, "the text is longer than the " + std::to_string(max_bytes) +
                                   " bytes that are allowed here");
  };
  if (coder == kCoderRaw) {
    if (coded.size() > max_bytes) return too_long();
    return to_bytes(coded);
  }
  if (coder != kCoderZstd) {
    return fail(Fault::kUnsupported,
                "a text in coder " + std::to_string(coder) + ", which this version does not have");
  }
  ZSTD_DCtx* context = contexts_->decompressor.get();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  Bytes text(max_bytes + 1);  // one more, so that a full buffer means too long
  ZSTD_inBuffer in{coded.data(), coded.size(), 0};
  ZSTD_outBuffer out{text.data(), text.size(), 0};
  std::size_t left = 1;
  // One call takes all there is, or stops for want of input or room; no progress ends it.
  for (std::size_t in_before = in.size + 1, out_before = 0;
       left != 0 && (in.pos != in_before || out.pos != out_before);) {
    in_before = in.pos;
    out_before = out.pos;
    left = ZSTD_decompressStream(context, &out, &in);
    if (ZSTD_isError(left)) break;
  }
  if (out.pos > max_bytes || ZSTD_getErrorCode(left) == ZSTD_error_dstSize_tooSmall) {
    return too_long();
  }
  if (left != 0) {
    return fail(Fault::kMalformed,
                "the coded text is damaged or cut short, or was coded with "
                "another dictionary");
  }
  if (in.pos != in.size) {
    return fail(Fault::kMalformed,
                std::to_string(in.size - in.pos) + " bytes after the end of the coded text");
  }
  text.resize(out.pos);
  return text;
}

}  // namespace detente::wire
