/* SPDX-License-Identifier: BSD-2-Clause */
/* A gatekeeper that exists already, and takes from libh46017 the tunnel alone.
 *
 * The gatekeeper (class Gatekeeper below) knows RAS as octets and Q.931 as
 * octets, as any H.323 stack does. What it lacks is RAS over the signalling
 * connection. This file puts one h46017_tunnel between each socket and it, in
 * the poll(2) loop that the program has anyway:
 *
 *            ┌──────────────────────────────────────────────────┐
 *            ▼                                                  │
 *     poll(sockets, earliest h46017_tunnel_next_expiry)         │
 *       readable ─ read() ─▶ h46017_tunnel_recv ─▶ ras_received ─▶ Gatekeeper
 *       writable ◀ send() ── h46017_tunnel_peek_tx               │ onRas
 *                            h46017_tunnel_ack_tx  ◀─ _write_ras ◀ answer
 *       time     ──────────▶ h46017_tunnel_handle_expiry        │
 *       neither want_read nor want_write: close ────────────────┘
 *
 * Usage: embed [PORT [CERT KEY TRUSTED]]
 * (loopback only; 0, the default, lets the system choose. With three PEM files
 * it speaks TLS, embed_wire.hpp, and lets in whom TRUSTED vouches for.)
 *
 * It registers everybody: who may register is the gatekeeper's business, and
 * this one is an example. Do not put it on a network. */

#include "embed_wire.hpp"

#include <h46017/error.h>
#include <h46017/tunnel.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace {

using Octets = std::vector<uint8_t>;

/* -- the gatekeeper that exists already ------------------------------------
 *
 * Stands for a real one: what is behind onRas() and onSignalling() would be
 * its registrar and its call control. This one writes its PER by hand, which
 * is enough for three messages. */
class Gatekeeper {
public:
  /* A request (RAS, PER) of a connection; an empty answer means none. `device`
   * is whose certificate it is, empty without TLS. */
  Octets onRas(const std::string &endpoint, const std::string &device,
               const uint8_t *per, size_t len) {
    if (len < 4) {
      return {}; /* no request is that short */
    }
    /* RasMessage is a CHOICE: one bit for its extensions, five for the root
     * alternative, then the first two bits of the alternative's own preamble.
     * (H.225.0, X.691 aligned) */
    switch (per[0] & 0xfc) {
    case 3 << 2: /* registrationRequest: preamble of 4 bits, padded; then the
                    16 bits of requestSeqNum at octet 2 */
      std::printf("ras registrationRequest %zu%s%s\n", len,
                  device.empty() ? "" : " of ", device.c_str());
      return registrationConfirm(endpoint, per + 2);
    case 6 << 2: /* unregistrationRequest: the same */
      std::printf("ras unregistrationRequest %zu\n", len);
      return {7 << 2, per[2], per[3]}; /* unregistrationConfirm */
    default:
      std::printf("ras other %zu\n", len);
      return {};
    }
  }

  /* A Q.931 message of a call, whole: call control's. */
  void onSignalling(const h46017_q931 &msg) {
    std::printf("signalling %s %u\n", h46017_q931_type_name(msg.type),
                static_cast<unsigned>(msg.call_reference));
  }

private:
  /* RCF: the request's number, no address to call (the connection is the
   * address), an endpointIdentifier, timeToLive 120 s. */
  static Octets registrationConfirm(const std::string &endpoint,
                                    const uint8_t *seq) {
    Octets per = {
        4 << 2 | 2, /* registrationConfirm; additions follow; nonStandardData
                       absent */
        0x00,       /* terminalAlias, gatekeeperIdentifier absent; padding */
        seq[0],     seq[1], 6,    0x00, 0x08,
        0x91,       0x4a,   0x00, 0x06, /* 0.0.8.2250.0.6 */
        0,                              /* callSignalAddress: none */
    };
    /* endpointIdentifier, BMPString (SIZE (1..128)): length - 1 in 7 bits,
     * padding, two octets a character */
    per.push_back(static_cast<uint8_t>((endpoint.size() - 1) << 1));
    for (char c : endpoint) {
      per.push_back(0);
      per.push_back(static_cast<uint8_t>(c));
    }
    const uint8_t additions[] = {
        0x26, 0x8a, 0x00,
        0x00,            /* 20 of them: timeToLive, willRespondToIRR,
                            maintainConnection are there */
        2,    0x00, 119, /* timeToLive 120 */
        1,    0x00,      /* willRespondToIRR FALSE */
        1,    0x80,      /* maintainConnection TRUE */
    };
    per.insert(per.end(), std::begin(additions), std::end(additions));
    return per;
  }
};

h46017_time now() {
  using namespace std::chrono;
  return static_cast<h46017_time>(
      duration_cast<milliseconds>(steady_clock::now().time_since_epoch())
          .count());
}

/* -- one connection: a wire, a tunnel, and between them nothing -------------
 */

class Connection {
public:
  Connection(int fd, const Tls &tls, unsigned number, Gatekeeper &gatekeeper)
      : wire_(fd, tls), gatekeeper_(gatekeeper),
        endpoint_(std::to_string(number) + "_embed") {
    h46017_tunnel_callbacks cb;
    h46017_tunnel_callbacks_default(&cb);
    cb.ras_received = rasReceived;
    cb.signalling_received = signallingReceived;
    cb.log_write = logWrite;

    h46017_tunnel *t = nullptr;
    const int rv = h46017_tunnel_new(&t, nullptr, &cb, nullptr, this, now());
    if (rv != 0) {
      std::fprintf(stderr, "%s\n", h46017_strerror(rv));
    }
    tunnel_.reset(t);
  }

  int fd() const {
    return wire_.fd();
  }

  /* Both false: there is nothing left to do, the connection goes. */
  bool wantsRead() const {
    return tunnel_ && !gone_ && h46017_tunnel_want_read(tunnel_.get());
  }
  bool wantsWrite() const {
    return tunnel_ && !gone_ &&
           (wire_.wantsWrite() || h46017_tunnel_want_write(tunnel_.get()));
  }
  h46017_time expiry() const {
    return tunnel_ ? h46017_tunnel_next_expiry(tunnel_.get())
                   : H46017_TIME_NEVER;
  }

  void readable() {
    uint8_t buf[4096];
    do {
      const ssize_t n = wire_.read(buf, sizeof(buf));
      if (n > 0) {
        /* Errors stay in the tunnel: its wants tell what is left to do. */
        (void)h46017_tunnel_recv(tunnel_.get(), buf, static_cast<size_t>(n),
                                 now());
      } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        gone_ = true; /* registrations of this connection end here */
      }
    } while (wantsRead() && wire_.hasMore());
  }

  void writable() {
    const uint8_t *data = nullptr;
    const size_t len = h46017_tunnel_peek_tx(tunnel_.get(), &data);
    if (len == 0) {
      readable(); /* TLS's own: it goes on where it stopped */
      return;
    }
    const ssize_t n = wire_.write(data, len);
    if (n >= 0) {
      (void)h46017_tunnel_ack_tx(tunnel_.get(), static_cast<size_t>(n), now());
    } else if (errno != EAGAIN && errno != EINTR) {
      gone_ = true;
    }
  }

  void expired() {
    (void)h46017_tunnel_handle_expiry(tunnel_.get(), now());
  }

private:
  static int rasReceived(h46017_tunnel *t, const uint8_t *per, size_t len,
                         void *user_data) {
    auto *self = static_cast<Connection *>(user_data);
    const Octets answer = self->gatekeeper_.onRas(
        self->endpoint_, self->wire_.device(), per, len);
    if (answer.empty()) {
      return 0;
    }
    /* QUEUE_FULL: this peer asks and does not read. It is the only error that
     * can come here which is not ours; either way the connection ends. */
    return h46017_tunnel_write_ras(t, answer.data(), answer.size());
  }

  static int signallingReceived(h46017_tunnel *, const h46017_q931 *msg,
                                const uint8_t *, size_t, void *user_data) {
    static_cast<Connection *>(user_data)->gatekeeper_.onSignalling(*msg);
    return 0;
  }

  static void logWrite(h46017_log_level, const char *line, size_t, void *) {
    std::fprintf(stderr, "%s\n", line);
  }

  Wire wire_;
  Gatekeeper &gatekeeper_;
  std::string endpoint_;
  Owned<h46017_tunnel, h46017_tunnel_del> tunnel_;
  bool gone_ = false;
};

/* -- the loop ----------------------------------------------------------------
 */

constexpr size_t MaxConnections = 256;

volatile std::sig_atomic_t stopping = 0;

void stop(int) {
  stopping = 1;
}

int listenOn(uint16_t port) {
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  const int on = 1;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);

  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 ||
      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      ::bind(fd, reinterpret_cast<sockaddr *>(&address), size) != 0 ||
      ::listen(fd, 16) != 0 || ::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) != 0) {
    std::perror("listen");
    return -1;
  }
  std::printf("listening 127.0.0.1:%u\n",
              static_cast<unsigned>(ntohs(address.sin_port)));
  return fd;
}

using Connections = std::vector<std::unique_ptr<Connection>>;

void accept(int listener, const Tls &tls, Connections &connections,
            Gatekeeper &gatekeeper) {
  static unsigned number = 0;
  const int on = 1;
  const int fd = ::accept(listener, nullptr, nullptr);

  if (fd < 0) {
    return;
  }
  (void)::fcntl(fd, F_SETFL, O_NONBLOCK);
  /* A RAS answer is one small write: it must not wait for the next. */
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  connections.push_back(
      std::make_unique<Connection>(fd, tls, ++number, gatekeeper));
}

int timeout(const Connections &connections) {
  h46017_time first = H46017_TIME_NEVER;
  for (const auto &c : connections) {
    first = std::min(first, c->expiry());
  }
  if (first == H46017_TIME_NEVER) {
    return -1;
  }
  const h46017_time t = now();
  return first <= t
             ? 0
             : static_cast<int>(std::min<h46017_time>(first - t, INT_MAX));
}

void serve(int listener, const Tls &tls) {
  Gatekeeper gatekeeper;
  Connections connections;
  std::vector<pollfd> fds;

  while (stopping == 0) {
    /* poll() passes over a negative descriptor: when full, no more come in */
    fds.assign(
        1, {connections.size() < MaxConnections ? listener : -1, POLLIN, 0});
    for (const auto &c : connections) {
      const int events =
          (c->wantsRead() ? POLLIN : 0) | (c->wantsWrite() ? POLLOUT : 0);
      fds.push_back({c->fd(), static_cast<short>(events), 0});
    }
    if (::poll(fds.data(), fds.size(), timeout(connections)) < 0) {
      continue; /* a signal: look whether to stop */
    }
    for (size_t i = 0; i < connections.size(); i++) {
      Connection &c = *connections[i];
      const short events = fds[i + 1].revents;

      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && c.wantsRead()) {
        c.readable();
      }
      if (c.wantsWrite()) { /* answers go out at once, if the socket takes them
                             */
        c.writable();
      }
      if (c.expiry() <= now()) {
        c.expired();
      }
    }
    connections.erase(std::remove_if(connections.begin(), connections.end(),
                                     [](const auto &c) {
                                       return !c->wantsRead() &&
                                              !c->wantsWrite();
                                     }),
                      connections.end());
    if ((fds[0].revents & POLLIN) != 0) {
      accept(listener, tls, connections, gatekeeper);
    }
  }
}

} // namespace

int main(int argc, char **argv) {
  struct sigaction action = {};
  action.sa_handler = stop; /* without SA_RESTART: poll() returns */
  (void)::sigaction(SIGINT, &action, nullptr);
  (void)::sigaction(SIGTERM, &action, nullptr);
  (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);

  Tls tls;
  if (argc > 4 && !tls.load(argv[2], argv[3], argv[4])) {
    return EXIT_FAILURE;
  }
  const int listener =
      listenOn(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  if (listener < 0) {
    return EXIT_FAILURE;
  }
  serve(listener, tls);
  (void)::close(listener);
  return EXIT_SUCCESS;
}
