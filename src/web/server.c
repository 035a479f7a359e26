/*
 * The HTTP server. See web/server.h.
 *
 * libmicrohttpd has one epoll descriptor for all its sockets. It is watched by the loop; when it is
 * ready, or the time that libmicrohttpd asks for has passed, it gets to run (pump).
 *
 * The way of a request: opened() when its first line is there (an exchange is made); handle() when
 * its head is complete (it is checked, and refused if it is no good), for each piece of its body,
 * and at its end, when the receiver gets it. If the answer does not come within that call, the
 * connection is suspended until exchange_answer(). completed() frees the exchange.
 *
 * What we refuse while its body may still come, ends its connection: nobody shall wait for a body
 * that is not wanted, or read one as the next request.
 */
#include "web/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "web/connections.h"

#define HEAD_BYTES_MAX (16 * 1024) /* of a request's head */
#define SWEEP_MS 1000
#define ENDING_MAX 128 /* connections that were ended and are not yet gone */
#define FORM_TYPE "application/x-www-form-urlencoded"
#define JSON_TYPE "application/json"

struct server {
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer; /* what libmicrohttpd wants to be called for */
    uv_timer_t sweep; /* our deadlines; runs while there are connections */
    struct connections connections;
    server_request request;
    void *arg;
    int away;     /* suspended requests: somebody works on them */
    bool closing; /* as soon as none is away */
    int open;     /* handles still closing */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void timer_cb(uv_timer_t *t);

static void pump(struct server *s)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;

    MHD_run(s->daemon);
    if (MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES)
        uv_timer_start(&s->timer, timer_cb, wait_ms, 0);
    else
        uv_timer_stop(&s->timer);
}

static void poll_cb(uv_poll_t *p, int status, int events)
{
    pump(p->data);
}

static void timer_cb(uv_timer_t *t)
{
    pump(t->data);
}

static void sweep_cb(uv_timer_t *t)
{
    struct server *s = t->data;

    connections_expire(&s->connections, clock_mono_ms());
    if (s->connections.first == NULL)
        uv_timer_stop(t);
    pump(s);
}

/* --- connections --- */

static enum MHD_Result admit(void *arg, const struct sockaddr *from, socklen_t len)
{
    struct server *s = arg;

    return connections_admit(&s->connections, from) ? MHD_YES : MHD_NO;
}

static const struct sockaddr *peer(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
}

static void connection_cb(void *arg, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *s = arg;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct connection *one = mem_zalloc(sizeof(*one));
        int fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        connections_add(&s->connections, one, fd, peer(c), clock_mono_ms());
        *context = one;
        if (!uv_is_active((uv_handle_t *)&s->sweep))
            uv_timer_start(&s->sweep, sweep_cb, SWEEP_MS, SWEEP_MS);
    } else if (*context != NULL) {
        connections_remove(&s->connections, *context);
        free(*context);
        *context = NULL;
    }
}

/* --- the head of a request --- */

static void *opened(void *arg, const char *target, struct MHD_Connection *c)
{
    struct exchange *x = mem_zalloc(sizeof(*x));

    x->server = arg;
    x->transport = c;
    x->connection = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    x->target = mem_strndup(target, TARGET_BYTES_MAX + 1);
    response_init(&x->response);
    buf_init(&x->body);
    return x;
}

static void completed(void *arg, struct MHD_Connection *c, void **context,
                      enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *context;

    *context = NULL;
    if (x == NULL)
        return;
    connection_enter(x->connection, PHASE_HEAD, clock_mono_ms());
    if (x->data != NULL && x->free_data != NULL)
        x->free_data(x);
    request_close(&x->request);
    response_close(&x->response);
    buf_close(&x->body);
    free(x->target);
    free(x);
}

struct counting {
    const char *name;
    int count;
};

static enum MHD_Result count_cb(void *arg, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct counting *c = arg;

    c->count += str_ieq(name, c->name);
    return MHD_YES;
}

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static int header_count(struct MHD_Connection *c, const char *name)
{
    struct counting counting = {name, 0};

    MHD_get_connection_values(c, MHD_HEADER_KIND, count_cb, &counting);
    return counting.count;
}

static bool is_report(const struct request *r)
{
    return str_starts(r->path, REQUEST_REPORT_PATH);
}

static enum MHD_Result keep_cb(void *arg, enum MHD_ValueKind kind, const char *name,
                               const char *value)
{
    struct request *r = arg;

    return value == NULL || fields_add(&r->headers, name, value) ? MHD_YES : MHD_NO;
}

/* "text/plain; charset=utf-8" is text/plain. */
static bool is_type(const char *type, const char *wanted)
{
    size_t n = strlen(wanted);

    return type != NULL && strncasecmp(type, wanted, n) == 0 &&
           (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

/* The length of the body, which must be announced and fit. The status to refuse it with, or 0. */
static int check_body(struct MHD_Connection *c, struct request *r)
{
    enum method method = r->method;
    const char *length = header(c, "Content-Length"), *type = header(c, "Content-Type");
    int64_t bytes = 0;

    if (header_count(c, "Content-Length") > 1 || header_count(c, "Transfer-Encoding") > 0)
        return length != NULL ? 400 : 411; /* two lengths are two requests to somebody else */
    if (length != NULL && !str_to_int(length, 0, INT64_MAX, &bytes))
        return 400;
    if (bytes > (method == METHOD_POST ? (int64_t)request_body_max(r) : 0))
        return 413;
    if (method != METHOD_POST)
        return 0;
    if (length == NULL)
        return 411;
    if (is_type(type, FORM_TYPE))
        return 0;
    r->json = is_report(r) && is_type(type, JSON_TYPE);
    return r->json ? 0 : 415;
}

static enum method method_from(const char *name)
{
    if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0)
        return METHOD_GET;
    return strcmp(name, "POST") == 0 ? METHOD_POST : METHOD_OTHER;
}

/* Who asks. A proxy on this machine tells whom it asks for; nobody else is believed. */
static void find_sender(struct exchange *x, struct MHD_Connection *c)
{
    static const char *const marks[] = {"X-Forwarded-For", "X-Forwarded-Host", "Forwarded",
                                        "X-Real-IP", "Via"};
    struct request *r = &x->request;
    const char *list = header(c, "X-Forwarded-For");
    bool loopback = address_is_loopback(peer(c));

    address_text(peer(c), r->from);
    r->direct = loopback;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        r->direct = r->direct && header(c, marks[i]) == NULL;
    if (!loopback || list == NULL)
        return;
    const char *last = strrchr(list, ',');
    last = last != NULL ? last + 1 : list;
    last += strspn(last, " ");
    if (strlen(last) < sizeof(r->from))
        memcpy(r->from, last, strlen(last) + 1);
}

static char *copy_header(struct MHD_Connection *c, const char *name)
{
    return mem_strdup(header(c, name));
}

/* The status to refuse it with, or 0. */
static int read_head(struct exchange *x, struct MHD_Connection *c, const char *method)
{
    struct request *r = &x->request;
    int rc = request_parse_target(r, x->target);

    r->method = method_from(method);
    if (rc != 0)
        return rc == ERR_LIMIT ? 414 : 400;
    if (header_count(c, "Host") != 1 || header_count(c, "Cookie") > 1 ||
        header_count(c, "Origin") > 1)
        return 400;
    r->host = copy_header(c, "Host");
    r->cookies = copy_header(c, "Cookie");
    r->origin = copy_header(c, "Origin");
    r->referer = copy_header(c, "Referer");
    r->site = copy_header(c, "Sec-Fetch-Site");
    r->match = copy_header(c, "If-None-Match");
    find_sender(x, c);
    if (is_report(r)) {
        r->target = x->target;
        MHD_get_connection_values(c, MHD_HEADER_KIND, keep_cb, r);
    }
    return check_body(c, r);
}

/* --- the answer --- */

#define POLICY_OF_PAGES                                                                            \
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src "        \
    "'self'; "                                                                                     \
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#define POLICY_OF_MAILS                                                                            \
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; form-action 'none'; "                 \
    "base-uri 'none'; frame-ancestors 'self'"

static const char *const headers_of_all[][2] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "same-origin"}, /* with less, forms would come without their Origin */
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
    {"X-Robots-Tag", "noindex, nofollow"},
};

static void add_headers(struct MHD_Response *m, const struct response *r)
{
    char text[128];

    for (size_t i = 0; i < sizeof(headers_of_all) / sizeof(headers_of_all[0]); i++)
        MHD_add_response_header(m, headers_of_all[i][0], headers_of_all[i][1]);
    MHD_add_response_header(m, "Content-Security-Policy",
                            r->framed ? POLICY_OF_MAILS : POLICY_OF_PAGES);
    MHD_add_response_header(m, "X-Frame-Options", r->framed ? "SAMEORIGIN" : "DENY");
    MHD_add_response_header(m, "Cache-Control",
                            r->keep    ? "public, max-age=31536000, immutable"
                            : r->fresh ? "private, no-cache"
                                       : "no-store");
    if (r->status != 304 && r->location == NULL)
        MHD_add_response_header(m, "Content-Type", r->type);
    if (r->location != NULL)
        MHD_add_response_header(m, "Location", r->location);
    for (int i = 0; i < 2; i++)
        if (r->cookies[i] != NULL)
            MHD_add_response_header(m, "Set-Cookie", r->cookies[i]);
    if (r->tag[0] != '\0') {
        snprintf(text, sizeof(text), "\"%s\"", r->tag);
        MHD_add_response_header(m, "ETag", text);
    }
    if (r->filename != NULL) {
        snprintf(text, sizeof(text), "inline; filename=\"%s\"", r->filename);
        MHD_add_response_header(m, "Content-Disposition", text);
    }
    if (r->retry_after_s > 0) {
        snprintf(text, sizeof(text), "%d", r->retry_after_s);
        MHD_add_response_header(m, "Retry-After", text);
    }
    if (r->allow != NULL)
        MHD_add_response_header(m, "Allow", r->allow);
    if (r->close)
        MHD_add_response_header(m, "Connection", "close");
}

static enum MHD_Result send_answer(struct exchange *x, struct MHD_Connection *c)
{
    struct response *r = &x->response;
    struct MHD_Response *m;

    if (r->fd >= 0 && r->status == 200) {
        m = MHD_create_response_from_fd(r->file_len, r->fd);
        r->fd = m != NULL ? -1 : r->fd; /* it is closed with the answer now */
    } else if (r->fixed != NULL) {
        m = MHD_create_response_from_buffer(r->fixed_len, (void *)(uintptr_t)r->fixed,
                                            MHD_RESPMEM_PERSISTENT);
    } else {
        size_t len = r->body.len;
        m = MHD_create_response_from_buffer(len, buf_steal(&r->body), MHD_RESPMEM_MUST_FREE);
    }
    if (m == NULL)
        return MHD_NO;
    add_headers(m, r);
    enum MHD_Result rc = MHD_queue_response(c, (unsigned)r->status, m);
    MHD_destroy_response(m);
    connection_enter(x->connection, PHASE_ANSWER, clock_mono_ms());
    return rc;
}

static enum MHD_Result refuse(struct exchange *x, struct MHD_Connection *c, int status)
{
    static const struct {
        int status;
        const char *words;
    } reasons[] = {
        {411, "How long is it? Send a Content-Length.\n"},
        {413, "That is too much.\n"},
        {414, "That address is too long.\n"},
        {415, "Only forms are understood here.\n"},
        {503, "The service stops or changes. Try again in a moment.\n"},
    };
    const char *words = "That request is not well formed.\n";

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            words = reasons[i].words;
    response_text(&x->response, status, words);
    x->response.close = true;
    x->answered = true;
    return send_answer(x, c);
}

/* --- the request --- */

static enum MHD_Result receive(struct exchange *x, struct MHD_Connection *c)
{
    struct request *r = &x->request;

    if (!r->json && fields_parse(&r->form, x->body.data, x->body.len) != 0)
        return refuse(x, c, 400);
    r->body = x->body.data;
    r->body_len = x->body.len;
    if (x->server->closing)
        return refuse(x, c, 503);
    connection_enter(x->connection, PHASE_WORK, clock_mono_ms());
    x->server->request(x->server->arg, x);
    if (x->answered)
        return send_answer(x, c);
    x->suspended = true;
    x->server->away++;
    MHD_suspend_connection(c);
    return MHD_YES;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *c, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_len, void **context)
{
    struct exchange *x = *context;

    if (!x->begun) {
        x->begun = true;
        connection_enter(x->connection, PHASE_BODY, clock_mono_ms());
        x->refused = read_head(x, c, method);
        return x->refused != 0 ? refuse(x, c, x->refused) : MHD_YES;
    }
    if (*data_len > 0) {
        if (x->body.len + *data_len > request_body_max(&x->request))
            return MHD_NO;
        buf_append(&x->body, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return x->answered ? send_answer(x, c) : receive(x, c);
}

static void end(struct server *s);

void exchange_answer(struct exchange *x)
{
    struct server *s = x->server;

    x->answered = true;
    if (!x->suspended)
        return; /* still within receive() */
    x->suspended = false;
    s->away--;
    MHD_resume_connection(x->transport);
    pump(s);
    if (s->closing && s->away == 0)
        end(s);
}

/* --- start and end --- */

/* The path is decoded by request_parse_target, from what was sent. */
static size_t unescape_nothing(void *arg, struct MHD_Connection *c, char *s)
{
    return strlen(s);
}

static void log_cb(void *arg, const char *fmt, va_list ap)
{
    /* libmicrohttpd complains of clients here, in words that may hold what they sent. */
}

struct server *server_create(uv_loop_t *loop, int fd, server_request request, void *arg,
                             struct err *err)
{
    struct server *s = mem_zalloc(sizeof(*s));

    s->request = request;
    s->arg = arg;
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, admit, s, handle, s,
        MHD_OPTION_EXTERNAL_LOGGER, log_cb, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)(CONNECTIONS_MAX + ENDING_MAX),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        0u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, opened, s, MHD_OPTION_NOTIFY_COMPLETED, completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, connection_cb, s, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_END);
    if (s->daemon == NULL) {
        err_set(err, "the web server does not start");
        close(fd);
        free(s);
        return NULL;
    }
    int epoll_fd = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    uv_poll_init(loop, &s->poll, epoll_fd);
    uv_timer_init(loop, &s->timer);
    uv_timer_init(loop, &s->sweep);
    s->poll.data = s->timer.data = s->sweep.data = s;
    uv_poll_start(&s->poll, UV_READABLE, poll_cb);
    pump(s);
    return s;
}

static void handle_closed(uv_handle_t *h)
{
    struct server *s = h->data;

    if (--s->open > 0)
        return;
    void (*closed)(void *) = s->closed;
    void *arg = s->closed_arg;
    free(s);
    closed(arg);
}

static void end(struct server *s)
{
    s->open = 3;
    MHD_run(s->daemon); /* what has just been answered goes out, as far as it fits */
    uv_close((uv_handle_t *)&s->poll, handle_closed);
    uv_close((uv_handle_t *)&s->timer, handle_closed);
    uv_close((uv_handle_t *)&s->sweep, handle_closed);
    MHD_stop_daemon(s->daemon);
}

void server_close(struct server *s, void (*closed)(void *arg), void *arg)
{
    s->closed = closed;
    s->closed_arg = arg;
    s->closing = true;
    int fd = MHD_quiesce_daemon(s->daemon);
    if (fd >= 0)
        close(fd);
    if (s->away == 0)
        end(s);
}
