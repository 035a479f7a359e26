/*
 * Exchanges over libcurl.
 *
 * The happy path: http_client_start sets an easy handle up and adds it to the loop (curl_loop.h),
 * which calls ended_cb in the end. prereq_cb runs when the connection stands and nothing of the
 * request has left: it sets maybe_sent, the line between "surely not sent" and "who knows".
 *
 * When things fail: libcurl tries again by itself when a kept connection ends before the reply. It
 * then comes to prereq_cb a second time, which refuses; and as the body comes from a read callback
 * without a seek callback, it could not rewind it either. So such a call ends with an error.
 */
#include "gateway/http.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/mem.h"
#include "gateway/curl_loop.h"

#define CONNECT_MAX_MS 15000
#define WAIT_MAX_MS (INT64_C(1) << 30)

struct call {
    struct http_client *client;
    CURL *curl;
    struct curl_slist *headers;
    const char *body;
    size_t len, handed;
    struct buf reply;
    size_t header_bytes;
    bool active, maybe_sent;
    bool (*leaves)(void *arg);
    char error[CURL_ERROR_SIZE];
    http_done_cb done;
    void *arg;
};

struct http_client {
    struct curl_loop *curl;
    char *ca_file;
    struct call *calls;
    int count;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void ended_cb(void *call, CURLcode rc)
{
    struct call *k = call;
    struct http_reply reply = {.maybe_sent = k->maybe_sent, .error = k->error};
    curl_off_t after_s = 0;
    long status = 0;

    if (rc == CURLE_OK) {
        curl_easy_getinfo(k->curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(k->curl, CURLINFO_RETRY_AFTER, &after_s);
        reply.status = (int)status;
        reply.body = k->reply.data;
        reply.len = k->reply.len;
        if (after_s > HTTP_RETRY_AFTER_MAX_MS / 1000)
            after_s = HTTP_RETRY_AFTER_MAX_MS / 1000;
        reply.retry_after_ms = after_s > 0 ? after_s * 1000 : 0;
    } else if (k->error[0] == '\0') {
        reply.error = curl_easy_strerror(rc);
    }
    curl_loop_remove(k->client->curl, k->curl);
    curl_slist_free_all(k->headers);
    k->headers = NULL;
    k->active = false;
    k->done(k->arg, &reply);
}

static int prereq_cb(void *arg, char *remote, char *local, int remote_port, int local_port)
{
    struct call *k = arg;

    if (k->maybe_sent || !k->leaves(k->arg))
        return CURL_PREREQFUNC_ABORT;
    k->maybe_sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t read_cb(char *out, size_t size, size_t count, void *arg)
{
    struct call *k = arg;
    size_t n = k->len - k->handed;

    if (n > size * count)
        n = size * count;
    memcpy(out, k->body + k->handed, n);
    k->handed += n;
    fault_point("http-body");
    return n;
}

static size_t write_cb(char *data, size_t size, size_t count, void *arg)
{
    struct call *k = arg;
    size_t n = size * count;

    if (k->reply.len + n > HTTP_REPLY_MAX)
        return 0;
    buf_append(&k->reply, data, n);
    return n;
}

static size_t header_cb(char *data, size_t size, size_t count, void *arg)
{
    struct call *k = arg;

    k->header_bytes += size * count;
    fault_point("http-reply");
    return k->header_bytes <= HTTP_REPLY_MAX ? size * count : 0;
}

struct http_client *http_client_create(uv_loop_t *loop, int connections, const char *ca_file)
{
    struct http_client *c = mem_zalloc(sizeof(*c));

    c->curl = curl_loop_create(loop, connections, ended_cb, NULL, NULL);
    c->ca_file = mem_strdup(ca_file);
    c->count = connections;
    c->calls = mem_array((size_t)connections, sizeof(*c->calls));
    for (int i = 0; i < connections; i++) {
        c->calls[i].client = c;
        c->calls[i].curl = curl_easy_init();
        buf_init(&c->calls[i].reply);
    }
    return c;
}

static void set_common(struct call *k)
{
    CURL *curl = k->curl;

    curl_loop_prepare(curl, k);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, k->error);
    curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, prereq_cb);
    curl_easy_setopt(curl, CURLOPT_PREREQDATA, k);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_cb);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, k);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, header_cb);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, k);
    if (k->client->ca_file != NULL)
        curl_easy_setopt(curl, CURLOPT_CAINFO, k->client->ca_file);
}

static void set_request(struct call *k, const struct http_request *r)
{
    CURL *curl = k->curl;
    int64_t left_ms = (r->deadline_us - clock_mono_us()) / 1000;

    left_ms = left_ms < 1 ? 1 : left_ms > WAIT_MAX_MS ? WAIT_MAX_MS : left_ms;
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(left_ms < CONNECT_MAX_MS ? left_ms : CONNECT_MAX_MS));
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    for (size_t i = 0; i < r->headers->count; i++)
        k->headers = curl_slist_append(k->headers, r->headers->items[i]);
    if (!r->get) {
        k->headers = curl_slist_append(k->headers, "Expect:"); /* no 100-continue */
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_cb);
        curl_easy_setopt(curl, CURLOPT_READDATA, k);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, k->headers);
    if (r->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, r->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, r->password);
    }
}

void http_client_start(struct http_client *c, int slot, const struct http_request *request,
                       http_done_cb done, void *arg)
{
    struct call *k = &c->calls[slot];

    assert(!k->active);
    k->active = true;
    k->maybe_sent = false;
    k->leaves = request->leaves;
    k->body = request->body;
    k->len = request->len;
    k->handed = 0;
    k->header_bytes = 0;
    k->error[0] = '\0';
    k->done = done;
    k->arg = arg;
    buf_clear(&k->reply);
    curl_easy_reset(k->curl); /* connections belong to the multi handle and stay */
    set_common(k);
    set_request(k, request);
    curl_loop_add(c->curl, k->curl);
}

bool http_client_cancel(struct http_client *c, int slot)
{
    struct call *k = &c->calls[slot];

    if (!k->active)
        return false;
    curl_loop_remove(c->curl, k->curl); /* its connection, in mid-air, is closed */
    curl_slist_free_all(k->headers);
    k->headers = NULL;
    k->active = false;
    return k->maybe_sent;
}

static void closed_cb(void *arg)
{
    struct http_client *c = arg;
    void (*closed)(void *arg) = c->closed;

    arg = c->closed_arg;
    free(c->calls);
    free(c->ca_file);
    free(c);
    closed(arg);
}

void http_client_close(struct http_client *c, void (*closed)(void *arg), void *arg)
{
    c->closed = closed;
    c->closed_arg = arg;
    for (int i = 0; i < c->count; i++) {
        assert(!c->calls[i].active);
        curl_easy_cleanup(c->calls[i].curl);
        buf_close(&c->calls[i].reply);
    }
    curl_loop_close(c->curl, closed_cb, c);
}
