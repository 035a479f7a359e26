/*
 * One SMTP connection over libcurl's easy interface.
 *
 * The happy path: smtp_session_send sets up the handle (once for each connection), libcurl
 * connects, logs in, says MAIL, RCPT, DATA; the read callback hands over everything but TAIL_BYTES,
 * notes that the point of no return is passed, hands over the tail; libcurl adds the final dot and
 * waits for the reply. The connection stays for the next mail.
 *
 * When things fail: the handle and its connection are thrown away, for a late reply must never be
 * taken for the next mail's. libcurl says QUIT when it closes a connection, and waits for the
 * answer up to two minutes; so the socket, which we remember as it is opened, is shut down first:
 * for reading alone (QUIT goes out, the wait ends at once) while both sides are in step, else both
 * ways. A connection kept open may have died in silence: it is looked at before each use, and if it
 * still fails before the server has said a word about this mail, the mail is tried on a fresh one.
 */
#include "gateway/smtp_session.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/mem.h"
#include "gateway/backend.h"
#include "gateway/smtp_verdict.h"

/* Held back until the point is noted: what libcurl sends in one piece, so that most mails go out
 * whole. */
#define TAIL_BYTES 16384
#define CONNECT_MAX_MS 60000       /* DNS, TCP, TLS and login, within the total deadline */
#define TOKEN_MAX_BYTES 16384      /* an OAuth2 access token */
#define UPLOAD_BUFFER_BYTES 16384L /* the least: libcurl allocates twice as much for each mail */
#define WAIT_MAX_MS (INT64_C(1) << 30)
#define SOCKETS_MAX 4 /* libcurl tries IPv6 and IPv4 at once, and keeps the first that answers */

struct transfer {
    const struct gateway_message *message;
    size_t handed; /* bytes given to libcurl */
    int64_t deadline_us;
    smtp_point_cb point;
    void *arg;
    bool asked, past_point;
    struct smtp_replies replies;
};

struct smtp_session {
    const struct gateway_settings *settings;
    CURL *curl; /* NULL: no connection */
    char error[CURL_ERROR_SIZE];
    struct transfer transfer;
    uv_mutex_t lock;          /* for `sockets`: shut down from another thread, closed in this one */
    int sockets[SOCKETS_MAX]; /* those open now; -1: an empty place */
    atomic_bool broken;
};

static bool url_part(const char *url, CURLUPart part, char **out)
{
    CURLU *u = curl_url();
    bool ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(u, part, out, 0) == CURLUE_OK;

    curl_url_cleanup(u);
    return ok;
}

int smtp_session_check(const struct gateway_settings *settings, struct err *err)
{
    char *user = NULL, *host = NULL;
    int rc = ERR_INVALID;

    if (settings->url == NULL ||
        (!str_starts(settings->url, "smtp://") && !str_starts(settings->url, "smtps://")))
        err_set(err, "url must begin with smtps:// or smtp://");
    else if (!url_part(settings->url, CURLUPART_HOST, &host))
        err_set(err, "url is none: smtps://mail.example.com or smtp://mail.example.com:587");
    else if (url_part(settings->url, CURLUPART_USER, &user))
        err_set(err, "url holds a user name; write user and password-file instead");
    else if (settings->auth == AUTH_XOAUTH2 &&
             (settings->user == NULL || settings->token_file == NULL))
        err_set(err, "XOAUTH2 needs user and token-file");
    else
        rc = 0;
    curl_free(user);
    curl_free(host);
    return rc;
}

struct smtp_session *smtp_session_create(const struct gateway_settings *settings)
{
    struct smtp_session *s = mem_zalloc(sizeof(*s));

    s->settings = settings;
    for (int i = 0; i < SOCKETS_MAX; i++)
        s->sockets[i] = -1;
    uv_mutex_init(&s->lock);
    return s;
}

/* Put `value` where `wanted` stands; false when it stands nowhere. */
static bool remember(struct smtp_session *s, int wanted, int value)
{
    bool found = false;

    uv_mutex_lock(&s->lock);
    for (int i = 0; i < SOCKETS_MAX && !found; i++) {
        found = s->sockets[i] == wanted;
        if (found)
            s->sockets[i] = value;
    }
    uv_mutex_unlock(&s->lock);
    return found;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct smtp_session *s = arg;
    int fd = -1;

    if (!atomic_load(&s->broken))
        fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && !remember(s, -1, fd)) {
        close(fd);
        fd = -1;
    }
    return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    remember(arg, fd, -1);
    return close(fd);
}

static void shut_down(struct smtp_session *s, int how)
{
    uv_mutex_lock(&s->lock);
    for (int i = 0; i < SOCKETS_MAX; i++)
        if (s->sockets[i] >= 0)
            shutdown(s->sockets[i], how);
    uv_mutex_unlock(&s->lock);
}

static void drop(struct smtp_session *s, bool in_step)
{
    if (s->curl == NULL)
        return;
    shut_down(s, in_step ? SHUT_RD : SHUT_RDWR);
    curl_easy_cleanup(s->curl);
    s->curl = NULL;
}

void smtp_session_free(struct smtp_session *s)
{
    if (s == NULL)
        return;
    drop(s, true);
    uv_mutex_destroy(&s->lock);
    free(s);
}

bool smtp_session_open(const struct smtp_session *s)
{
    return s->curl != NULL;
}

void smtp_session_rest(struct smtp_session *s)
{
    drop(s, true);
}

void smtp_session_break(struct smtp_session *s)
{
    atomic_store(&s->broken, true);
    shut_down(s, SHUT_RDWR);
}

static size_t read_cb(char *out, size_t size, size_t count, void *arg)
{
    struct smtp_session *s = arg;
    struct transfer *t = &s->transfer;
    size_t room = size * count;
    size_t left = t->message->len - t->handed;

    fault_point("smtp-body");
    if (left > TAIL_BYTES) {
        left -= TAIL_BYTES;
    } else if (!t->asked) {
        t->asked = true;
        t->past_point = !atomic_load(&s->broken) && t->point(t->arg);
        if (!t->past_point)
            return CURL_READFUNC_ABORT;
    }
    if (left > room)
        left = room;
    memcpy(out, t->message->data + t->handed, left);
    t->handed += left;
    return left;
}

/* libcurl hands every reply line to the header callback. */
static size_t reply_cb(char *line, size_t size, size_t count, void *arg)
{
    struct smtp_session *s = arg;
    struct transfer *t = &s->transfer;
    size_t len = size * count;

    fault_point("smtp-reply");
    return smtp_replies_line(&t->replies, line, len, t->past_point) ? len : 0;
}

static size_t ignore_cb(char *data, size_t size, size_t count, void *arg)
{
    return size * count;
}

static int progress_cb(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct smtp_session *s = arg;

    return atomic_load(&s->broken) || clock_mono_us() >= s->transfer.deadline_us;
}

static int set_token(struct smtp_session *s, struct err *err)
{
    struct buf token;
    int rc;

    buf_init(&token);
    rc = fs_read(s->settings->token_file, TOKEN_MAX_BYTES, &token, err);
    char *text = str_trim(token.data);
    if (rc == 0 && (text[0] == '\0' || !str_one_line(text, strlen(text)))) {
        err_set(err, "token-file does not hold one token");
        rc = ERR_INVALID;
    }
    if (rc == 0)
        curl_easy_setopt(s->curl, CURLOPT_XOAUTH2_BEARER, text);
    explicit_bzero(token.data, token.len);
    buf_close(&token);
    return rc;
}

static int set_login(struct smtp_session *s, struct err *err)
{
    const struct gateway_settings *settings = s->settings;

    if (settings->auth == AUTH_NONE)
        return 0;
    curl_easy_setopt(s->curl, CURLOPT_USERNAME, settings->user);
    if (settings->auth == AUTH_XOAUTH2) {
        curl_easy_setopt(s->curl, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
        return set_token(s, err);
    }
    curl_easy_setopt(s->curl, CURLOPT_PASSWORD, settings->password);
    return 0;
}

static void set_tls(CURL *curl, const struct gateway_settings *settings)
{
    bool plain = settings->tls == TLS_NONE;

    curl_easy_setopt(curl, CURLOPT_USE_SSL, plain ? CURLUSESSL_NONE : CURLUSESSL_ALL);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
}

/* A fresh handle; the connection comes with the first mail. The token is read here, so that each
 * login has the newest. */
static int prepare(struct smtp_session *s, struct err *err)
{
    CURL *curl = curl_easy_init();

    if (curl == NULL) {
        err_set(err, "libcurl gives no handle");
        return ERR_IO;
    }
    s->curl = curl;
    curl_easy_setopt(curl, CURLOPT_URL, s->settings->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L); /* the size stays untold: libcurl counts the dots it
                                                   stuffs against it and would stop too early */
    curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_cb);
    curl_easy_setopt(curl, CURLOPT_READDATA, s);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, reply_cb);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_cb);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress_cb);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, s);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(curl, CURLOPT_CLOSESOCKETDATA, s);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s->error);
    set_tls(curl, s->settings);
    return set_login(s, err);
}

/* Is the kept connection in the state we left it in: open, and nothing said meanwhile? A server
 * that gave up on us has sent a 421, or an end. */
static bool still_good(struct smtp_session *s)
{
    char byte;
    int fd = -1;

    for (int i = 0; i < SOCKETS_MAX && fd < 0; i++)
        fd = s->sockets[i];
    return fd >= 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

static CURLcode perform(struct smtp_session *s, int64_t deadline_us)
{
    const struct gateway_message *m = s->transfer.message;
    struct curl_slist *rcpt = NULL;
    char from[SMTP_ADDRESS_MAX + 3], to[SMTP_ADDRESS_MAX + 3];
    int64_t left_ms = (deadline_us - clock_mono_us()) / 1000;

    if (left_ms < 1)
        return CURLE_OPERATION_TIMEDOUT;
    if (left_ms > WAIT_MAX_MS)
        left_ms = WAIT_MAX_MS;
    snprintf(from, sizeof(from), "<%s>", m->from);
    snprintf(to, sizeof(to), "<%s>", m->to);
    rcpt = curl_slist_append(NULL, to);
    curl_easy_setopt(s->curl, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, rcpt);
    curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MAX_MS ? left_ms : CONNECT_MAX_MS));
    /* libcurl's own limit for one reply is two minutes, where RFC 5321, 4.5.3.2.6 asks for ten. */
    curl_easy_setopt(s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(left_ms / 1000 + 1));
    CURLcode rc = curl_easy_perform(s->curl);
    curl_easy_setopt(s->curl, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(rcpt);
    return rc;
}

/* Did the kept connection fail before a word was said about this mail? */
static bool stale(const struct smtp_session *s, CURLcode rc)
{
    const struct transfer *t = &s->transfer;

    return rc != CURLE_OK && rc != CURLE_OPERATION_TIMEDOUT && !t->asked &&
           !atomic_load(&s->broken) && (t->replies.lines == 0 || t->replies.code == 421);
}

/* One try, on the connection there is or on a fresh one. false: it was stale, and is closed now. */
static bool attempt(struct smtp_session *s, const struct transfer *fresh,
                    struct gateway_result *result)
{
    struct transfer *t = &s->transfer;
    struct err err = {0};
    bool reused = s->curl != NULL;

    *t = *fresh;
    s->error[0] = '\0';
    if (!reused && prepare(s, &err) != 0) {
        drop(s, false);
        result_set(result, OUTCOME_RETRY, 0, "%.200s", err.text);
        result->gateway_trouble = true;
        return true;
    }
    CURLcode rc = perform(s, t->deadline_us);
    bool again = reused && stale(s, rc);
    struct smtp_seen seen = {rc, s->error, t->asked, t->past_point, &t->replies};
    smtp_verdict(&seen, result);
    if (result->outcome != OUTCOME_SENT)
        drop(s, t->replies.code >= 400);
    return !again;
}

void smtp_session_send(struct smtp_session *s, const struct gateway_message *m, int64_t deadline_us,
                       smtp_point_cb point, void *arg, struct gateway_result *result)
{
    struct transfer fresh = {.message = m, .deadline_us = deadline_us, .point = point, .arg = arg};

    if (s->curl != NULL && !still_good(s))
        drop(s, false);
    if (!attempt(s, &fresh, result))
        attempt(s, &fresh, result);
}
