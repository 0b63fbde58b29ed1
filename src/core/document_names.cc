#include "core/document_names.h"

#include <algorithm>

#include "wire/cbor.h"

namespace detente::core {

namespace {

std::string value_key(const record::BlobKey& key) {
  return "named/" + to_hex(key.lineage) + "/" + key.counterpart + "/" + (key.own ? "own" : "theirs") + "/" + to_hex(key.root);
}

}  // namespace

Bytes DocumentNames::to_value(const Names& names) {
  wire::CborWriter out;
  out.array(names.size());
  for (const DocumentName& name : names) out.array(2).uint(name.line.value).uint(static_cast<std::uint64_t>(name.precedence));
  return out.take();
}

// Our own bytes, checked by the store. What cannot be read leaves the one that the document's row has.
DocumentNames::Names DocumentNames::kept(const record::Reader& store, const record::BlobKey& key, const record::StoredBlob& blob) {
  Names out;
  if (const auto bytes = store.value(value_key(key))) {
    wire::CborReader reader(*bytes);
    const auto count = reader.array();
    for (std::size_t i = 0; count && i < *count; ++i) {
      if (!reader.array(2)) break;
      const auto line = reader.uint(), precedence = reader.uint();
      if (!line || !precedence || *line > UINT16_MAX || *precedence > static_cast<std::uint64_t>(record::Precedence::kFlash)) break;
      out.push_back({LineId{static_cast<std::uint16_t>(*line)}, static_cast<record::Precedence>(*precedence)});
    }
  }
  if (out.empty()) out.push_back({blob.line, blob.precedence});
  return out;
}

DocumentNames::Names DocumentNames::all(const record::Reader& store, const record::BlobKey& key, const record::StoredBlob& blob) const {
  const auto issued = issued_.find(key);
  return issued != issued_.end() ? issued->second.names : kept(store, key, blob);
}

DocumentNames::Names DocumentNames::going(const record::Reader& store, const record::BlobKey& key, record::StoredBlob& blob) const {
  Names names = all(store, key, blob);
  choose(names, blob);
  return names;
}

void DocumentNames::choose(const Names& names, record::StoredBlob& blob) const {
  const auto rank = [this](const DocumentName& name) { return std::pair(!terms_->is_cut(name.line), name.precedence); };
  const auto best = std::max_element(names.begin(), names.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  blob.line = best->line;
  blob.precedence = best->precedence;
}

void DocumentNames::first(const record::BlobKey& key, const record::StoredBlob& blob) {
  issued_[key] = {{{blob.line, blob.precedence}}, 1};
}

void DocumentNames::again(const record::BlobKey& key) { ++issued_.at(key).commits; }

void DocumentNames::ended(const record::BlobKey& key, bool refused) {
  const auto issued = issued_.find(key);
  if (issued == issued_.end()) return;
  issued->second.refused |= refused;
  if (--issued->second.commits == 0) issued_.erase(issued);
}

bool DocumentNames::also(const Context& context, const record::BlobKey& key, LineId line, record::Precedence precedence,
                         record::StoredBlob& blob, record::Batch& batch) {
  Names names = all(context.store, key, blob);
  const auto same = std::find_if(names.begin(), names.end(), [line](const DocumentName& name) { return name.line == line; });
  const bool news = same == names.end() || same->precedence < precedence;
  if (same == names.end()) names.push_back({line, precedence});
  else if (news) same->precedence = precedence;
  choose(names, blob);
  const auto issued = issued_.find(key);
  if (!news && (issued == issued_.end() || !issued->second.refused)) return false;
  batch.writes.push_back(record::PutValue{value_key(key), to_value(names)});
  Issued& one = issued_[key];
  one = {std::move(names), one.commits + 1};
  return true;
}

}  // namespace detente::core
