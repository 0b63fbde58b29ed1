// DocumentNames: the lines whose entries name a document. It goes as the most urgent of them says that carries documents
// now: a cut, or the end, of one line stops nothing that another one names too. spec/document.md section 3.
#pragma once

#include <map>

#include "core/context.h"
#include "core/document_terms.h"

namespace detente::core {

// An entry of that line names it.
struct DocumentName {
  LineId line;
  record::Precedence precedence = record::Precedence::kRoutine;
};

class DocumentNames {
 public:
  using Names = std::vector<DocumentName>;  // of a document, each line once; never none
  explicit DocumentNames(const DocumentTerms& terms) : terms_(&terms) {}

  // An entry of `line` names the document of which `blob` is kept, or about to be: nothing else names it so far. Its row goes
  // to the batch, and ended() is told of it.
  void first(const record::BlobKey& key, const record::StoredBlob& blob);
  // One more does. `blob` goes as all of them say; false, with nothing in `batch`, where this one says nothing new. Else as
  // of the first.
  bool also(const Context& context, const record::BlobKey& key, LineId line, record::Precedence precedence,
            record::StoredBlob& blob, record::Batch& batch);
  void again(const record::BlobKey& key);  // a row goes to the batch all the same
  // A commit that has its row.
  void ended(const record::BlobKey& key, bool refused);
  bool under_way(const record::BlobKey& key) const { return issued_.count(key) > 0; }

  Names all(const record::Reader& store, const record::BlobKey& key, const record::StoredBlob& blob) const;
  // The same, and `blob` with the line and precedence by which it goes now.
  Names going(const record::Reader& store, const record::BlobKey& key, record::StoredBlob& blob) const;
  // By these, while these lines are cut.
  void choose(const Names& names, record::StoredBlob& blob) const;

 private:
  struct Issued {
    Names names;
    std::size_t commits = 0;
    bool refused = false;  // one of them: what that said is said again with the next
  };
  static Names kept(const record::Reader& store, const record::BlobKey& key, const record::StoredBlob& blob);
  static Bytes to_value(const Names& names);

  const DocumentTerms* terms_;
  std::map<record::BlobKey, Issued> issued_;  // while commits that name them are under way; then the store has it
};

}  // namespace detente::core
