#include "station/api_http.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "station/json.h"

namespace detente::station {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;

namespace {

constexpr auto kIdle = std::chrono::seconds(60);      // for the first byte of the next request
constexpr auto kTransfer = std::chrono::seconds(10);  // of a request from there on, of an answer, or of a first request
constexpr std::size_t kReadAtOnce = 16384;
constexpr auto kDrain = std::chrono::seconds(1);
constexpr std::size_t kDrainMax = 1 << 20;

ApiResponse to_response(unsigned status, const Error& error) {
  return {status, dump(error_json(error))};
}

http::response<http::string_body> to_http(ApiResponse response, bool keep_alive) {
  http::response<http::string_body> out;
  out.version(11);
  out.result(response.status);
  out.set(http::field::content_type, response.content_type);
  out.set(http::field::cache_control, "no-store");
  out.keep_alive(keep_alive);
  out.body() = std::move(response.body);
  out.prepare_payload();
  return out;
}

// A handler's answer, whenever it comes.
struct Answer {
  explicit Answer(const asio::any_io_executor& executor)
      : ready(executor, asio::steady_timer::time_point::max()) {}
  std::optional<ApiResponse> response;
  asio::steady_timer ready;
};

}  // namespace

struct ApiServer::Shared {
  Shared(asio::io_context& context, std::string path, Handler handler)
      : acceptor(context), path(std::move(path)), handler(std::move(handler)) {}
  Local::acceptor acceptor;
  std::string path;
  Handler handler;
  std::size_t connections = 0;
  bool closed = false;

  static asio::awaitable<void> accept(std::shared_ptr<Shared> self);
  static asio::awaitable<void> serve(std::shared_ptr<Shared> self, Local::socket socket);
  static asio::awaitable<bool> serve_one(Shared& self, Stream& stream, beast::flat_buffer& buffer, bool first);
  static void turn_away(Local::socket socket);
  static asio::awaitable<void> drain(Stream& stream);
  static asio::awaitable<ApiResponse> ask(Shared& self, Stream& stream,
                                          const http::request<http::string_body>& request);
};

asio::awaitable<ApiResponse> ApiServer::Shared::ask(
    Shared& self, Stream& stream, const http::request<http::string_body>& request) {
  const std::string_view target(request.target().data(), request.target().size());
  Result<ApiRequest> parsed = parse_target(target);
  if (!parsed) co_return to_response(400, parsed.error());
  parsed->method = std::string(request.method_string());
  parsed->body = request.body();
  auto answer = std::make_shared<Answer>(stream.get_executor());
  self.handler(*parsed, [answer](ApiResponse response) {
    if (answer->response) return;
    answer->response = std::move(response);
    answer->ready.cancel();
  });
  while (!answer->response) {
    boost::system::error_code ready;
    co_await answer->ready.async_wait(asio::redirect_error(asio::use_awaitable, ready));
  }
  co_return std::move(*answer->response);
}

// The rest of a request that was too large, so that its sender comes to read the answer.
asio::awaitable<void> ApiServer::Shared::drain(Stream& stream) {
  std::array<char, 16384> buffer;
  boost::system::error_code error;
  static_cast<void>(stream.socket().shutdown(Local::socket::shutdown_send, error));
  stream.expires_after(kDrain);
  for (std::size_t taken = 0; !error && taken < kDrainMax;)
    taken += co_await stream.async_read_some(asio::buffer(buffer),
                                             asio::redirect_error(asio::use_awaitable, error));
}

// False when the connection is over.
asio::awaitable<bool> ApiServer::Shared::serve_one(Shared& self, Stream& stream,
                                                   beast::flat_buffer& buffer, bool first) {
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  http::request_parser<http::string_body> parser;
  parser.body_limit(kApiBodyMax);
  parser.header_limit(kApiHeaderMax);
  if (buffer.size() == 0) {
    stream.expires_after(first ? kTransfer : kIdle);
    buffer.commit(co_await stream.async_read_some(buffer.prepare(kReadAtOnce), token));
  }
  if (!error) {
    stream.expires_after(kTransfer);
    co_await http::async_read(stream, buffer, parser, token);
  }
  stream.expires_never();
  std::optional<ApiResponse> response;
  bool keep_alive = false;
  if (error == http::error::body_limit || error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    response = to_response(413, {Fault::kLimit, "the request is larger than " +
                                                    std::to_string(kApiBodyMax) + " bytes"});
  } else if (error) {
    co_return false;
  } else {
    keep_alive = parser.get().keep_alive();
    response = co_await ask(self, stream, parser.get());
  }
  const auto message = to_http(std::move(*response), keep_alive && !self.closed);
  stream.expires_after(kTransfer);
  error.clear();
  co_await http::async_write(stream, message, token);
  if (!error && message.result() == http::status::payload_too_large) co_await drain(stream);
  stream.expires_never();
  co_return !error && message.keep_alive();
}

asio::awaitable<void> ApiServer::Shared::serve(std::shared_ptr<Shared> self, Local::socket socket) {
  Stream stream(std::move(socket));
  beast::flat_buffer buffer(kApiBodyMax + kApiHeaderMax);
  try {
    for (bool first = true; co_await serve_one(*self, stream, buffer, first);) first = false;
  } catch (const std::exception&) {
    // Out of memory for this connection: it ends, the station goes on.
  }
  boost::system::error_code ignored;
  static_cast<void>(stream.socket().shutdown(Local::socket::shutdown_both, ignored));
  --self->connections;
}

// Closed without a word it would look like a station that is down.
void ApiServer::Shared::turn_away(Local::socket socket) {
  const auto message = to_http(to_response(503, {Fault::kLimit, "the station runs, and " + std::to_string(kApiConnectionsMax) +
                                                                    " programs are connected to it already: try again in a moment"}),
                               false);
  boost::system::error_code error;
  static_cast<void>(socket.non_blocking(true, error));
  if (!error) http::write(socket, message, error);
}

asio::awaitable<void> ApiServer::Shared::accept(std::shared_ptr<Shared> self) {
  boost::system::error_code error;
  asio::steady_timer pause(self->acceptor.get_executor());
  while (!self->closed) {
    Local::socket socket(self->acceptor.get_executor());
    co_await self->acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (self->closed) co_return;
    if (error) {  // no file descriptor left, say: try again a little later
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (self->connections < kApiConnectionsMax) {
      ++self->connections;
      asio::co_spawn(self->acceptor.get_executor(), serve(self, std::move(socket)), asio::detached);
    } else {
      turn_away(std::move(socket));
    }
  }
}

Result<std::unique_ptr<ApiServer>> ApiServer::listen(asio::io_context& context,
                                                     const std::string& path, Handler handler) {
  if (path.size() > 100)
    return fail(Fault::kLimit, "the path " + path +
                                   " is too long for a socket (100 bytes): use a "
                                   "directory with a shorter name");
  auto shared = std::make_shared<Shared>(context, path, std::move(handler));
  ::unlink(path.c_str());
  boost::system::error_code error;
  static_cast<void>(shared->acceptor.open(Local(), error));
  if (!error) static_cast<void>(shared->acceptor.bind(Local::endpoint(path), error));
  if (!error && ::chmod(path.c_str(), 0600) != 0) error = {errno, boost::system::system_category()};
  if (!error)
    static_cast<void>(shared->acceptor.listen(Local::acceptor::max_listen_connections, error));
  if (error)
    return fail(Fault::kIo, "cannot make the socket " + path + " (" + error.message() +
                                "): is the directory writable for this user?");
  asio::co_spawn(context, Shared::accept(shared), asio::detached);
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(shared)));
}

void ApiServer::close() {
  if (shared_->closed) return;
  shared_->closed = true;
  boost::system::error_code ignored;
  static_cast<void>(shared_->acceptor.close(ignored));
  ::unlink(shared_->path.c_str());
}

ApiServer::~ApiServer() { close(); }

}  // namespace detente::station
