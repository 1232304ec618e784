/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EXAMPLES_EMBED_WIRE_HPP
#define EXAMPLES_EMBED_WIRE_HPP

/* What embed.cpp has below the tunnel: a socket and, where it was given a
 * certificate, TLS of its own making on it, as a gatekeeper that speaks TLS has
 * it already. Two calls of libh46017-tls are new there:
 *
 *     h46017_trust_attach()       who is let into this SSL_CTX
 *     h46017_identity_from_ssl()  who came, once the handshake is complete */

#include <h46017/error.h>
#include <h46017/tls.h>
#include <h46017/trust.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

template <auto function> struct Calls {
  template <typename T> void operator()(T *object) const {
    function(object);
  }
};
template <typename T, auto function>
using Owned = std::unique_ptr<T, Calls<function>>;

/* The program's own context. */
class Tls {
public:
  /* Empty: TCP. */
  Tls() = default;

  bool load(const char *cert, const char *key, const char *trusted) {
    ctx_.reset(SSL_CTX_new(TLS_server_method()));
    if (!ctx_ ||
        SSL_CTX_set_min_proto_version(ctx_.get(), TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx_.get(), cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx_.get(), key, SSL_FILETYPE_PEM) != 1) {
      ERR_print_errors_fp(stderr);
      return false;
    }
    SSL_CTX_set_mode(ctx_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                     SSL_MODE_RELEASE_BUFFERS);
    const int rv = trust(trusted);
    if (rv != 0) {
      std::fprintf(stderr, "%s: %s: %s\n", trusted, h46017_strerror(rv),
                   h46017_error_remedy(rv));
    }
    return rv == 0;
  }

  const h46017_trust *trusted() const {
    return trust_.get();
  }
  SSL *accept(int fd) const {
    SSL *ssl = ctx_ ? SSL_new(ctx_.get()) : nullptr;
    if (ssl != nullptr) {
      SSL_set_accept_state(ssl);
      SSL_set_fd(ssl, fd);
    }
    return ssl;
  }

private:
  /* Authorities and single devices, in memory. Given a store
   * (h46017_store_dir), the list is one that operators change while this runs.
   */
  int trust(const char *path) {
    std::ifstream file(path, std::ios::binary);
    const std::string octets(std::istreambuf_iterator<char>(file), {});
    h46017_trust *list = nullptr;
    int rv = h46017_trust_new(&list, nullptr, nullptr);
    trust_.reset(list);
    if (rv == 0) {
      h46017_trust_add_options options;
      h46017_trust_add_options_default(&options);
      options.utc_now = std::time(nullptr);
      rv = h46017_trust_add(list,
                            reinterpret_cast<const uint8_t *>(octets.data()),
                            octets.size(), &options, nullptr, nullptr);
    }
    return rv != 0 ? rv
                   : h46017_trust_attach(list, ctx_.get(), H46017_TLS_SERVER,
                                         H46017_CLIENT_CERT_REQUIRE);
  }

  Owned<h46017_trust, h46017_trust_del> trust_;
  Owned<SSL_CTX, SSL_CTX_free> ctx_; /* goes first: it borrows the list */
};

/* One connection's socket; read() and write() are as the system's with either.
 */
class Wire {
public:
  Wire(int fd, const Tls &tls) : tls_(tls), fd_(fd), ssl_(tls.accept(fd)) {
  }
  ~Wire() {
    if (ssl_ && SSL_is_init_finished(ssl_.get()) != 0 && !broken_) {
      (void)SSL_shutdown(ssl_.get());
    }
    ssl_.reset();
    ::close(fd_);
  }
  Wire(const Wire &) = delete;
  Wire &operator=(const Wire &) = delete;

  int fd() const {
    return fd_;
  }
  /* TLS has something to send of its own. */
  bool wantsWrite() const {
    return wantsWrite_;
  }
  /* There is more than poll() knows of. */
  bool hasMore() const {
    return ssl_ && SSL_pending(ssl_.get()) > 0;
  }
  /* The CN of the certificate that was verified, which is a device's name;
   * empty without. It is for the registrar: h46017_name_match() says whether a
   * device of this CN may register as somebody. */
  const std::string &device() const {
    return device_;
  }

  ssize_t read(uint8_t *data, size_t len) {
    if (!ssl_) {
      return ::read(fd_, data, len);
    }
    const bool before = SSL_is_init_finished(ssl_.get()) != 0;
    ERR_clear_error();
    const int rv = SSL_read(ssl_.get(), data, static_cast<int>(len));
    if (!before && SSL_is_init_finished(ssl_.get()) != 0) {
      meet();
    }
    return answer(rv);
  }

  ssize_t write(const uint8_t *data, size_t len) {
    if (!ssl_) {
      return ::send(fd_, data, len, MSG_NOSIGNAL);
    }
    ERR_clear_error();
    return answer(SSL_write(ssl_.get(), data, static_cast<int>(len)));
  }

private:
  ssize_t answer(int rv) {
    wantsWrite_ = false;
    if (rv > 0) {
      return rv;
    }
    switch (SSL_get_error(ssl_.get(), rv)) {
    case SSL_ERROR_WANT_WRITE:
      wantsWrite_ = true;
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_WANT_READ:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      break;
    }
    /* why a certificate was refused is said like everything else */
    const int code =
        h46017_error_from_verify_result(SSL_get_verify_result(ssl_.get()));
    if (code != 0) {
      std::printf("refused %s\n", h46017_error_name(code));
    }
    broken_ = true;
    errno = EPROTO;
    return -1;
  }

  void meet() {
    h46017_identity *peer = nullptr;
    if (h46017_identity_from_ssl(&peer, tls_.trusted(), ssl_.get(), nullptr) !=
        0) {
      return; /* no memory: it stays nobody */
    }
    if (peer->proof == H46017_PROOF_CERTIFICATE) {
      device_.assign(peer->cn, peer->cn_len);
    }
    h46017_identity_del(peer);
  }

  const Tls &tls_;
  int fd_;
  Owned<SSL, SSL_free> ssl_;
  std::string device_;
  bool wantsWrite_ = false;
  bool broken_ = false;
};

#endif
