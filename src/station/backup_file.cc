#include "station/backup_file.h"

#include <algorithm>

namespace detente::station {

namespace {

constexpr std::string_view kSealedBeginning = "age-encryption.org/";

// Members as they come, against the manifest that comes first.
class Members {
 public:
  explicit Members(const BackupSink& sink) : sink_(sink) {}

  Result<void> begin(const TarMember& member) {
    member_ = member;
    hash_ = crypto::Sha256();
    if (!manifest_) {
      if (member.name != kManifestName || member.size > kManifestMax)
        return fail(Fault::kMalformed, std::string("backup: it does not begin with ") +
                                           kManifestName + "; is it a backup of détente?");
      return {};
    }
    const auto expected = manifest_->files.find(member.name);
    if (expected == manifest_->files.end() || !seen_.insert({member.name, true}).second ||
        expected->second.size != member.size)
      return fail(Fault::kMalformed, "backup: " + member.name +
                                         " is not the file that its manifest names; use another "
                                         "copy");
    return sink_.begin ? sink_.begin(member) : Result<void>{};
  }

  Result<void> bytes(ByteView part) {
    if (!manifest_) {
      text_.append(reinterpret_cast<const char*>(part.data()), part.size());
      return {};
    }
    hash_.add(part);
    return sink_.bytes ? sink_.bytes(part) : Result<void>{};
  }

  Result<void> end() {
    if (!manifest_) {
      DETENTE_TRY(parsed, parse_manifest(text_));
      manifest_ = std::move(parsed);
      return {};
    }
    if (hash_.finish() != manifest_->files.at(member_.name).sha256)
      return fail(Fault::kAuthentication, "backup: " + member_.name +
                                              " is not what was written (its SHA-256 differs); "
                                              "use another copy");
    return sink_.end ? sink_.end() : Result<void>{};
  }

  Result<Manifest> finish() {
    if (!manifest_)
      return fail(Fault::kMalformed, "backup: it is empty; is it a backup of détente?");
    for (const auto& [name, file] : manifest_->files)
      if (seen_.count(name) == 0)
        return fail(Fault::kMalformed, "backup: " + name + " is missing in it; use another copy");
    return std::move(*manifest_);
  }

 private:
  const BackupSink& sink_;
  std::optional<Manifest> manifest_;
  std::string text_;
  std::map<std::string, bool> seen_;
  TarMember member_;
  crypto::Sha256 hash_;
};

}  // namespace

Result<BackupWriter> BackupWriter::create(const Path& to, const std::optional<Sealing>& sealing,
                                          WallTime modified) {
  DETENTE_TRY(there, io::is_there(to));
  if (there)
    return fail(Fault::kConflict,
                to.string() + ": is there already and is not overwritten; name another file");
  DETENTE_TRY(file, io::FileWriter::create(to));
  BackupWriter out(std::move(file), modified);
  if (!sealing) return out;
  Bytes sealed;
  out.seal_.emplace(sealing->passphrase, sealing->work_factor, sealing->random, sealed);
  DETENTE_TRY_VOID(out.file_.write(sealed));
  return out;
}

Result<void> BackupWriter::bytes(ByteView part) {
  if (!seal_) return file_.write(part);
  Bytes sealed;
  seal_->add(part, sealed);
  return file_.write(sealed);
}

Result<void> BackupWriter::begin(const TarMember& member) {
  DETENTE_TRY(header, tar_header(member, modified_));
  return bytes(header);
}

Result<void> BackupWriter::end(const TarMember& member) {
  return bytes(Bytes(tar_padding(member.size), 0));
}

Result<void> BackupWriter::commit() {
  DETENTE_TRY_VOID(bytes(tar_end()));
  if (seal_) {
    Bytes sealed;
    seal_->finish(sealed);
    DETENTE_TRY_VOID(file_.write(sealed));
  }
  return file_.commit(io::kSecretMode);
}

Result<ReadBackup> read_backup(const Path& path,
                               const std::function<Result<std::string_view>()>& passphrase,
                               const BackupSink& sink, const OnStage& stage, const char* what) {
  DETENTE_TRY(file, io::FileReader::open(path));
  ReadBackup out;
  Members members(sink);
  TarReader tar({[&](const TarMember& member) { return members.begin(member); },
                 [&](ByteView part) { return members.bytes(part); },
                 [&] { return members.end(); }});
  std::optional<crypto::OpenStream> seal;
  crypto::Sha256 hash;
  const auto read = [&]() -> Result<void> {
    Bytes buffer(kBackupStep), plain;
    for (bool first = true;; first = false) {
      DETENTE_TRY(size, file.read(buffer));
      if (size == 0) break;
      ByteView part = ByteView(buffer).first(size);
      hash.add(part);
      out.bytes += size;
      if (first && std::string_view(reinterpret_cast<const char*>(part.data()), size)
                       .starts_with(kSealedBeginning)) {
        DETENTE_TRY(phrase, passphrase());
        DETENTE_TRY(opened, crypto::OpenStream::open(part, phrase));
        seal = std::move(opened);
        part = part.subspan(seal->taken());
      }
      if (stage) stage(what, out.bytes, file.size());
      if (!seal) {
        DETENTE_TRY_VOID(tar.add(part));
        continue;
      }
      plain.clear();
      DETENTE_TRY_VOID(seal->add(part, plain));
      const Result<void> taken = tar.add(plain);
      wipe(plain);
      DETENTE_TRY_VOID(taken);
    }
    plain.clear();
    if (seal) DETENTE_TRY_VOID(seal->finish(plain));
    DETENTE_TRY_VOID(tar.add(plain));
    wipe(plain);
    return tar.finish();
  };
  if (const Result<void> done = read(); !done) return fail_at(path.string(), done.error());
  Result<Manifest> manifest = members.finish();
  if (!manifest) return fail_at(path.string(), manifest.error());
  out.manifest = std::move(*manifest);
  out.sha256 = hash.finish();
  out.sealed = seal.has_value();
  return out;
}

}  // namespace detente::station
