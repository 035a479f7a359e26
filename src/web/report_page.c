/*
 * Providers tell what became of a text: GET or POST /report/GATEWAY/MESSAGE/TOKEN. See
 * gateway/report.h.
 *
 * The answer is a 2xx only when the report is committed; otherwise the provider tells it again.
 * Whoever has a wrong address, a wrong token or a wrong signature gets the same 404.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/reports.h"
#include "web/pages.h"

#define GATEWAY_NAME_MAX 65

struct told {
    const struct report_source *source;
    char gateway[GATEWAY_NAME_MAX];
    int64_t message_id;
    const char *token;
    char *url; /* the address as the provider has it, with its query */
};

/* GATEWAY/MESSAGE/TOKEN, and whose it is. */
static bool find(const struct visit *v, struct told *t)
{
    const char *path = v->request->path + strlen(REQUEST_REPORT_PATH);
    size_t n = strcspn(path, "/");
    char id[24];

    if (n == 0 || n >= sizeof(t->gateway) || path[n] == '\0')
        return false;
    memcpy(t->gateway, path, n);
    t->gateway[n] = '\0';
    path += n + 1;
    n = strcspn(path, "/");
    if (n == 0 || n >= sizeof(id) || path[n] == '\0')
        return false;
    memcpy(id, path, n);
    id[n] = '\0';
    t->token = path + n + 1;
    for (size_t i = 0; i < v->site->report_count && t->source == NULL; i++) {
        char *end = mem_printf("%s%s/", REQUEST_REPORT_PATH, t->gateway);
        if (str_ends(report_source_url(v->site->reports[i]), end))
            t->source = v->site->reports[i];
        free(end);
    }
    return t->source != NULL && str_to_int(id, 1, INT64_MAX, &t->message_id);
}

/* What the provider was given, and what it has put behind it. */
static char *whole_url(const struct visit *v, const struct told *t)
{
    const char *query = strchr(v->request->target, '?');

    return mem_printf("%s%lld/%s%s", report_source_url(t->source), (long long)t->message_id,
                      t->token, query != NULL ? query : "");
}

static struct report_field *borrow(const struct fields *f)
{
    struct report_field *list = mem_array(f->count + 1, sizeof(*list));

    for (size_t i = 0; i < f->count; i++)
        list[i] = (struct report_field){f->items[i].name, f->items[i].value};
    return list;
}

static enum report_verdict judge(const struct visit *v, const struct told *t, struct report *out)
{
    const struct request *r = v->request;
    struct report_field *query = borrow(&r->query), *form = borrow(&r->form);
    struct report_field *headers = borrow(&r->headers);
    char *url = whole_url(v, t);
    const struct report_request request = {
        .from = r->from,
        .url = url,
        .query = query,
        .query_count = r->query.count,
        .form = form,
        .form_count = r->form.count,
        .headers = headers,
        .header_count = r->headers.count,
        .body = r->body,
        .len = r->body_len,
        .json = r->json,
    };
    enum report_verdict verdict = report_judge(t->source, &request, v->now_ms, out);

    free(url);
    free(query);
    free(form);
    free(headers);
    return verdict;
}

/* Is the token the message's? ERR_NOTFOUND when not. */
static int check_token(const struct visit *v, const struct told *t)
{
    char *token;
    int rc = store_report_token(v->store, t->message_id, &token);

    if (rc == 0 && (strlen(token) == 0 || strlen(token) != strlen(t->token) ||
                    CRYPTO_memcmp(token, t->token, strlen(token)) != 0))
        rc = ERR_NOTFOUND;
    free(token);
    return rc;
}

int report_page(struct visit *v)
{
    struct told t = {0};
    struct report report;
    int rc = find(v, &t) ? check_token(v, &t) : ERR_NOTFOUND;

    if (rc != 0)
        return rc;
    enum report_verdict verdict = judge(v, &t, &report);
    if (verdict == REPORT_FORGED) {
        log_warning("a delivery report without the signature of its provider, or from elsewhere",
                    "gateway=%s message=%lld", t.gateway, (long long)t.message_id);
        return ERR_NOTFOUND;
    }
    if (verdict == REPORT_TOLD) {
        struct report_row row = {
            .message_id = t.message_id,
            .gateway = t.gateway,
            .status = report.status,
            .provider_id = report.id,
            .code = report.code,
            .at_ms = v->now_ms,
        };
        rc = store_report_add(v->store, &row);
    }
    if (rc == 0)
        response_text(v->response, 200, "ok\n");
    return rc;
}
