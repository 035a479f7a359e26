/* What was entered when the session was over. See web/lost.h. */
#include "web/lost.h"

#include <string.h>

#include "base/str.h"
#include "web/auth.h"
#include "web/html.h"
#include "web/pages.h"

#define WAY_BACK_MAX 400 /* bytes of a page to go back to */
#define LOST "lost"      /* the word in the address of the page that says it again */

/* Texts that one writes at length; never a password. */
static const struct {
    const char *name;
    enum word label;
} texts[] = {
    {"subject", W_SUBJECT_NAME}, {"text", W_TEXT}, {"notes", W_NOTES}, {"wording", W_WORDING},
    {"section", W_RULE_SECTION},
};

/* Is there a page to look at? What it said of a deed before, it would say again. */
static bool is_page(const char *target)
{
    struct request r = {0};
    const struct route *route;
    struct route_hole hole;
    bool fine = strlen(target) <= WAY_BACK_MAX && request_parse_target(&r, target) == 0 &&
                fields_get(&r.query, "said") == NULL && fields_get(&r.query, "done") == NULL &&
                router_find(routes, route_count, METHOD_GET, r.path, &route, &hole) == FOUND &&
                route->access >= ACCESS_READER;

    request_close(&r);
    return fine;
}

/* The path and query of the page that the browser came from, if it is one of ours; else NULL. */
static const char *came_from(const struct visit *v)
{
    const char *referer = v->request->referer;
    const char *host = referer != NULL ? strstr(referer, "://") : NULL;
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

    if (path == NULL)
        return NULL;
    struct buf origin;
    buf_init(&origin);
    buf_append(&origin, referer, (size_t)(path - referer));
    bool ours = site_is_origin(v->site, origin.data, v->request->host);
    buf_close(&origin);
    return ours && is_page(path) ? path : NULL;
}

void lost_way_back(const struct visit *v, struct buf *out)
{
    const char *from = came_from(v);
    size_t start = out->len;

    buf_puts(out, from != NULL ? from : v->request->path);
    while (!is_page(out->data + start)) {
        char *slash = strrchr(out->data + start, '/');
        size_t len = slash != NULL ? (size_t)(slash - out->data) : start;
        buf_truncate(out, len);
        if (len == start) {
            buf_putc(out, '/');
            break;
        }
    }
    if (strstr(out->data + start, LOST "=") == NULL)
        buf_printf(out, "%c" LOST "=yes", strchr(out->data + start, '?') != NULL ? '&' : '?');
}

static void say(struct visit *v)
{
    struct buf *b = &v->response->body;

    buf_puts(b, "<div class=\"notice look\"><p role=\"alert\">");
    html_word(b, W_LOST);
    buf_puts(b, "</p></div>");
}

void lost_show(struct visit *v)
{
    struct buf *b = &v->response->body;
    const struct fields *given = &v->request->form;
    bool ours = auth_form_is_from_here(v), any = false;

    say(v);
    for (size_t i = 0; ours && i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *value = fields_get(given, texts[i].name);
        if (str_blank(value))
            continue;
        if (!any) {
            buf_puts(b, "<section aria-labelledby=\"entered\"><h2 id=\"entered\">");
            html_word(b, W_LOST_ENTERED);
            buf_puts(b, "</h2><p class=\"quiet\">");
            html_word(b, W_LOST_COPY);
            buf_puts(b, "</p>");
        }
        any = true;
        buf_printf(b, "<label for=\"entered-%s\">", texts[i].name);
        html_word(b, texts[i].label);
        buf_printf(b, "</label><textarea id=\"entered-%s\" rows=\"5\" readonly dir=\"auto\">\n",
                   texts[i].name);
        html_text(b, value);
        buf_puts(b, "</textarea>");
    }
    buf_puts(b, any ? "</section>" : "");
}

void lost_notice(struct visit *v)
{
    if (v->request->method == METHOD_GET && v->login.user.id != 0 &&
        fields_get(&v->request->query, LOST) != NULL)
        say(v);
}
