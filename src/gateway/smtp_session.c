/*
 * One SMTP connection: libcurl makes it, and smtp_talk speaks over it.
 *
 * The happy path: smtp_session_send sets up a handle, libcurl connects, says EHLO, STARTTLS and
 * logs in (that is all it does: CURLOPT_CONNECT_ONLY), then smtp_talk_mail carries out one mail
 * after the other.
 *
 * When things fail: the handle and its connection are thrown away, for a late reply must never be
 * taken for the next mail's. To break one off from another thread its sockets are shut down, which
 * we remember as they are opened. A connection kept open may have died in silence: it is looked at
 * before each use, and if it still fails before the server has said a word about this mail, the
 * mail is tried on a fresh one.
 */
#include "gateway/smtp_session.h"

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
#include "gateway/smtp_talk.h"

#define CONNECT_MAX_MS 60000  /* DNS, TCP, TLS and login, within the total deadline */
#define TOKEN_MAX_BYTES 16384 /* an OAuth2 access token */
#define WAIT_MAX_MS (INT64_C(1) << 30)
#define SOCKETS_MAX 4 /* libcurl tries IPv6 and IPv4 at once, and keeps the first that answers */

struct smtp_session {
    const struct gateway_settings *settings;
    CURL *curl; /* NULL: no connection */
    char error[CURL_ERROR_SIZE];
    int64_t deadline_us;         /* of what is under way */
    struct smtp_replies replies; /* while libcurl connects */
    bool in_reply;               /* more lines of one are to come */
    bool pipelines;              /* as the last EHLO's reply says */
    struct smtp_talk talk;
    smtp_point_cb point;
    void *arg;
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
    smtp_talk_init(&s->talk);
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

/* `polite`: nothing is under way, so the server may be told. */
static void drop(struct smtp_session *s, bool polite)
{
    if (s->curl == NULL)
        return;
    if (polite)
        smtp_talk_quit(&s->talk);
    curl_easy_cleanup(s->curl);
    s->curl = NULL;
}

void smtp_session_free(struct smtp_session *s)
{
    if (s == NULL)
        return;
    drop(s, true);
    smtp_talk_close(&s->talk);
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
    uv_mutex_lock(&s->lock);
    for (int i = 0; i < SOCKETS_MAX; i++)
        if (s->sockets[i] >= 0)
            shutdown(s->sockets[i], SHUT_RDWR);
    uv_mutex_unlock(&s->lock);
}

/* Only the last EHLO counts: what was said before STARTTLS anybody may have said. */
static void note_extension(struct smtp_session *s, const char *line, size_t len)
{
    static const char offer[] = "PIPELINING";

    if (!s->in_reply)
        s->pipelines = false;
    s->in_reply = len > 3 && line[3] == '-';
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len == 4 + sizeof(offer) - 1 && strncmp(line, "250", 3) == 0 &&
        strncasecmp(line + 4, offer, sizeof(offer) - 1) == 0)
        s->pipelines = true;
}

/* libcurl hands every line of a reply to the header callback. */
static size_t reply_cb(char *line, size_t size, size_t count, void *arg)
{
    struct smtp_session *s = arg;
    size_t len = size * count;

    fault_point("smtp-reply");
    if (s->in_reply || (len > 3 && strncmp(line, "250", 3) == 0))
        note_extension(s, line, len);
    return smtp_replies_line(&s->replies, line, len, false) ? len : 0;
}

static size_t ignore_cb(char *data, size_t size, size_t count, void *arg)
{
    return size * count;
}

static int progress_cb(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct smtp_session *s = arg;

    return atomic_load(&s->broken) || clock_mono_us() >= s->deadline_us;
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

/* A fresh handle. The token is read here, so that each login has the newest. */
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
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
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

static CURLcode perform(struct smtp_session *s)
{
    int64_t left_ms = (s->deadline_us - clock_mono_us()) / 1000;

    if (left_ms < 1)
        return CURLE_OPERATION_TIMEDOUT;
    if (left_ms > WAIT_MAX_MS)
        left_ms = WAIT_MAX_MS;
    curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MAX_MS ? left_ms : CONNECT_MAX_MS));
    /* libcurl's own limit for one reply is two minutes, where RFC 5321, 4.5.3.2.6 asks for ten. */
    curl_easy_setopt(s->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(left_ms / 1000 + 1));
    return curl_easy_perform(s->curl);
}

/* Connect, up to the login. false: `result` tells why not. */
static bool connect_to_server(struct smtp_session *s, struct gateway_result *result)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct err err = {0};

    s->replies = (struct smtp_replies){0};
    s->in_reply = s->pipelines = false;
    s->error[0] = '\0';
    if (prepare(s, &err) != 0) {
        drop(s, false);
        result_set(result, OUTCOME_RETRY, 0, "%.200s", err.text);
        result->gateway_trouble = true;
        return false;
    }
    struct smtp_seen seen = {.rc = perform(s), .error = s->error};
    if (seen.rc == CURLE_OK)
        curl_easy_getinfo(s->curl, CURLINFO_ACTIVESOCKET, &fd);
    if (fd != CURL_SOCKET_BAD) {
        smtp_talk_begin(&s->talk, s->curl, fd, s->pipelines);
        return true;
    }
    seen.replies = s->replies;
    smtp_verdict(&seen, result);
    drop(s, false);
    return false;
}

static bool point_cb(void *arg)
{
    struct smtp_session *s = arg;

    return !atomic_load(&s->broken) && s->point(s->arg);
}

/* Did the kept connection fail before a word was said about this mail? */
static bool stale(const struct smtp_session *s, const struct smtp_seen *seen)
{
    return seen->rc != CURLE_OK && seen->rc != CURLE_OPERATION_TIMEDOUT && !seen->asked &&
           !atomic_load(&s->broken) && (seen->replies.lines == 0 || seen->replies.code == 421);
}

/* One try, on the connection there is or on a fresh one. false: it was stale, and is closed now. */
static bool attempt(struct smtp_session *s, const struct gateway_message *m,
                    struct gateway_result *result)
{
    bool reused = s->curl != NULL;
    struct smtp_seen seen;

    if (!reused && !connect_to_server(s, result))
        return true;
    smtp_talk_mail(&s->talk, m, s->deadline_us, point_cb, s, &seen);
    smtp_verdict(&seen, result);
    if (result->outcome != OUTCOME_SENT)
        drop(s, seen.replies.code >= 400 && !s->pipelines);
    return !reused || !stale(s, &seen);
}

void smtp_session_send(struct smtp_session *s, const struct gateway_message *m, int64_t deadline_us,
                       smtp_point_cb point, void *arg, struct gateway_result *result)
{
    s->deadline_us = deadline_us;
    s->point = point;
    s->arg = arg;
    if (s->curl != NULL && !smtp_talk_quiet(&s->talk))
        drop(s, false);
    if (!attempt(s, m, result))
        attempt(s, m, result);
}
