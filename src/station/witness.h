// Witness: what the station itself does about what happens: its log, the events
// that others may read, bulletins of the other side, the links' view.
#pragma once

#include "station/running.h"
#include "station/signatures.h"

namespace spdlog {
class logger;
}

namespace detente::station {

class Witness {
 public:
  Witness(Running& running, spdlog::logger& log) : running_(running), log_(log) {}
  void on_event(const core::DeskEvent& event);

  // One for each kind of event.
  void operator()(const core::EntryPlaced& event);
  void operator()(const core::EntryQueued& event);
  void operator()(const core::SubmissionFailed& event);
  void operator()(const core::EntryArrived& event);
  void operator()(const core::ReceiptVerified& event);
  // Parts that the desk hands over: whoever handed them over is told.
  void operator()(const core::DocumentStored&) {}
  void operator()(const core::DocumentFailed&) {}
  void operator()(const core::DocumentConfirmed& event);
  void operator()(const core::DocumentArrived& event);
  void operator()(const core::RegisterChanged& event);
  void operator()(const core::RestorationChanged& event);
  void operator()(const core::AnnouncementChanged&) {}  // the announcer acts, and tells
  void operator()(const core::AccordDue&) {}            // the amender
  void operator()(const core::CourierPacked& event);
  void operator()(const core::CourierTaken& event);
  void operator()(const core::CourierFailed&) {}  // whoever asked is told
  void operator()(const core::LinkChanged& event);
  void operator()(const core::Alarm& event);

 private:
  Json place(const char* what, PeerId peer, LineId line) const;
  void add(EventRing::Tell tell);
  Json tell_arrived(const core::EntryArrived& event) const;
  std::optional<record::StoredEntry> find(const core::EntryArrived& event) const;
  SignedBy judge(const core::EntryArrived& event, const record::Entry& entry) const;
  void look_at_signatures(const core::EntryArrived& event);

  Running& running_;
  spdlog::logger& log_;
};

}  // namespace detente::station
