// HTTP/1.1 over a Unix socket (mode 0600): bounds, timeouts, and nothing about
// what requests mean. spec/api.md section 1. Runs on the driver's io_context.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace boost::asio {
class io_context;
}

namespace detente::station {

inline constexpr std::size_t kApiBodyMax = 1024 * 1024;  // a part of a document (core::kPartBytesMax)
inline constexpr std::size_t kApiHeaderMax = 8 * 1024;
inline constexpr std::size_t kApiConnectionsMax = 64;

struct ApiRequest {
  std::string method;
  std::vector<std::string> path;             // decoded segments: {"v1", "status"}
  std::map<std::string, std::string> query;  // decoded
  std::string body;
};
struct ApiResponse {
  unsigned status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// Segments and query of a request target; kMalformed for bad escapes, kLimit above the bounds.
Result<ApiRequest> parse_target(std::string_view target);

class ApiServer {
 public:
  // Called once for each request, now or later, on the same thread.
  using Reply = std::function<void(ApiResponse)>;
  using Handler = std::function<void(const ApiRequest&, Reply)>;

  // A socket file that a dead station left is replaced: the caller holds the station's lock.
  static Result<std::unique_ptr<ApiServer>> listen(boost::asio::io_context& context,
                                                   const std::string& path, Handler handler);
  ~ApiServer();  // removes the socket file
  // Takes no more connections; answers under way still go out.
  void close();
  struct Shared;  // what the connections hold on to

 private:
  explicit ApiServer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  std::shared_ptr<Shared> shared_;
};

}  // namespace detente::station
