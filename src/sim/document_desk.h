// DocumentDesk: the documents that one simulated desk hands over, what it was told
// of its own and of the other side's, and the checks that hang on them. World
// writes and names them; Node passes commits and events on.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/effects.h"
#include "sim/memory_store.h"
#include "sim/pair.h"

namespace detente::sim {

class Referee {
 public:
  virtual ~Referee() = default;
  virtual void violation(std::string what) = 0;
  virtual std::int64_t time() const = 0;
};

// Length and bytes follow from writer and number, so that the checkers know every piece again.
Bytes document_of(std::size_t node, std::uint64_t number);

class DocumentDesk {
 public:
  DocumentDesk(std::size_t index, const Pair& pair, const MemoryStore& store, Referee& referee);
  void set_other(const DocumentDesk& other) { other_ = &other; }

  // What the desk can know from the disk, and forgets when that goes back.
  struct Disk {
    std::set<Digest> arrived;
    std::set<Digest> confirmed;
  };
  const Disk& disk() const { return disk_; }
  // The disk went back: what of the own documents is not there any more is lost. Which they are.
  std::vector<Digest> went_back(Disk disk);

  struct Written {
    std::uint64_t length = 0;
    std::vector<Digest> leaves;
    std::uint64_t number = 0;
    bool named = false;
  };
  // Another document; its root.
  Digest write();
  bool wrote(const Digest& root) const { return written_.count(root) > 0; }
  const Written& written(const Digest& root) const { return written_.at(root); }
  bool whole_here(const Digest& root) const;  // own: complete on this disk
  void named(const Digest& root, std::uint64_t message);
  const Digest* named_by(std::uint64_t message) const;

  // At a start: what is whole in the record, although a crash came before the desk was told.
  void read_record();
  void committed(const record::Batch& batch);
  void on_event(const core::DeskEvent& event);
  void arrived(const core::DocumentArrived& event);
  void confirmed(const core::DocumentConfirmed& event);
  // How many documents that a message in `delivered` names are not whole there yet, and could be.
  std::size_t under_way(const DocumentDesk& there, const std::set<std::uint64_t>& delivered) const;
  // Once healed: every document that a message in `delivered` names is whole there, and known to be so here.
  void check_converged(const DocumentDesk& there, const std::set<std::uint64_t>& delivered) const;

  std::size_t lost() const { return lost_.size(); }

  std::uint64_t named_count = 0, arrived_count = 0, confirmed_count = 0;

 private:
  record::BlobKey key(bool own, const Digest& root) const;
  bool offered(const Digest& root) const;
  bool is_excused(const Digest& root) const;
  std::set<Digest> named_in(const std::set<std::uint64_t>& delivered) const;
  bool is_whole(const record::BlobKey& key, const Written& truth) const;
  void violation(std::string what) const;

  std::size_t index_;
  const Pair* pair_;
  const MemoryStore* store_;
  Referee* referee_;
  const DocumentDesk* other_ = nullptr;
  Disk disk_;
  std::set<Digest> tests_;      // the stations' own, for the tests of a restoration
  std::set<Digest> own_tests_;  // those of them that this station made
  bool tests_lost_ = false;     // one of them is gone with the disk's newest state
  std::map<Digest, Written> written_;
  std::uint64_t next_number_;  // other ones in every run
  std::map<std::uint64_t, Digest> messages_;  // that name one
  std::set<Digest> lost_;                     // ours: named, or about to be, and gone with the disk's newest state
  std::set<Digest> held_;                     // theirs: it was whole on this disk once
};

}  // namespace detente::sim
