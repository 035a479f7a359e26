/* What the pages know of betimes.conf. See web/site.h. */
#include "web/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/locale.h"
#include "web/request.h"

#define HOST_MAX 300

static void find_url(struct site *s, const char *url)
{
    const char *begin = strstr(url, "://");
    char host[HOST_MAX];

    size_t len = strlen(url);
    while (len > 0 && url[len - 1] == '/')
        len--;
    s->url = mem_strndup(url, len);
    begin = begin != NULL ? begin + 3 : url;
    s->secure = str_starts(url, "https://");
    s->authority = mem_strndup(begin, strcspn(begin, "/?#"));
    if (host_without_port(s->authority, host, sizeof(host)))
        s->host = mem_strdup(host);
}

/* What is wrong with a provider file is told by the gateway that it is for. */
static void find_reports(struct site *s, const struct settings *settings)
{
    struct err err;

    s->reports = mem_array(settings->gateway_count + 1, sizeof(*s->reports));
    for (size_t i = 0; i < settings->gateway_count; i++) {
        const struct gateway_settings *g = &settings->gateways[i];
        struct report_source *source =
            g->report_url != NULL ? report_source_create(g, settings->providers, &err) : NULL;
        if (source != NULL)
            s->reports[s->report_count++] = source;
    }
}

static void copy_list(struct str_list *to, const struct str_list *from)
{
    for (size_t i = 0; i < from->count; i++)
        str_list_add(to, from->items[i], strlen(from->items[i]));
}

static void copy_calendar(struct site *s, const struct business *b)
{
    size_t count = b->calendar.holiday_count;

    s->calendar = b->calendar;
    s->calendar.holidays = mem_array(count + 1, sizeof(*s->calendar.holidays));
    for (size_t i = 0; i < count; i++)
        s->calendar.holidays[i] = b->calendar.holidays[i];
    s->has_hours = b->has_hours;
    s->week_first = locale_week_first(locale_get(b->language, b->country), b->country);
}

static void copy_workflows(struct site *s, const struct playbook *p)
{
    s->workflow_count = p->workflow_count;
    s->workflows = mem_array(p->workflow_count, sizeof(*s->workflows));
    for (size_t i = 0; i < p->workflow_count; i++) {
        struct workflow *to = &s->workflows[i];
        const struct workflow *from = &p->workflows[i];
        to->name = mem_strdup(from->name);
        copy_list(&to->stages, &from->stages);
        copy_list(&to->done, &from->done);
        copy_list(&to->lost, &from->lost);
        copy_list(&to->waiting, &from->waiting);
    }
}

static void free_workflows(struct site *s)
{
    for (size_t i = 0; i < s->workflow_count; i++) {
        struct workflow *w = &s->workflows[i];
        free(w->name);
        str_list_close(&w->stages);
        str_list_close(&w->done);
        str_list_close(&w->lost);
        str_list_close(&w->waiting);
    }
    free(s->workflows);
}

struct site *site_create(const struct settings *settings, const struct playbook *playbook)
{
    static uint64_t made;
    struct site *s = mem_zalloc(sizeof(*s));
    char host[HOST_MAX];

    s->users = 1;
    s->number = ++made;
    s->business = mem_strdup(settings->business.name);
    s->email = mem_strdup(settings->business.email);
    s->dir = mem_strdup(settings->dir);
    s->playbook = mem_strdup(settings->playbook);
    s->currency = mem_strdup(settings->business.currency);
    s->country = mem_strdup(settings->business.country);
    s->templates = mem_strdup(settings->templates);
    s->zone = settings->business.calendar.zone;
    copy_calendar(s, &settings->business);
    if (settings->web_url != NULL)
        find_url(s, settings->web_url);
    if (settings->web_listen != NULL && host_without_port(settings->web_listen, host, sizeof(host)))
        s->listen_host = mem_strdup(host);
    for (size_t i = 0; i < settings->gateway_count; i++)
        str_list_add(&s->gateways, settings->gateways[i].name, strlen(settings->gateways[i].name));
    find_reports(s, settings);
    if (playbook != NULL)
        copy_workflows(s, playbook);
    s->rules = playbook != NULL ? mem_strdup(playbook->text) : NULL;
    return s;
}

struct site *site_hold(struct site *s)
{
    s->users++;
    return s;
}

void site_release(struct site *s)
{
    if (s == NULL || --s->users > 0)
        return;
    free(s->business);
    free(s->email);
    free(s->dir);
    free(s->playbook);
    free(s->country);
    free(s->currency);
    free(s->templates);
    free(s->rules);
    free(s->url);
    free(s->authority);
    free(s->host);
    free(s->listen_host);
    str_list_close(&s->gateways);
    for (size_t i = 0; i < s->report_count; i++)
        report_source_free(s->reports[i]);
    free(s->reports);
    free(s->calendar.holidays);
    free_workflows(s);
    free(s);
}

bool host_is_loopback(const char *header)
{
    char host[HOST_MAX];

    return header != NULL && host_without_port(header, host, sizeof(host)) &&
           (strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
            strcmp(host, "[::1]") == 0);
}

bool site_knows_host(const struct site *s, const char *header)
{
    char host[HOST_MAX];

    if (header == NULL || !host_without_port(header, host, sizeof(host)))
        return false;
    return host_is_loopback(header) || str_eq(host, s->host) || str_eq(host, s->listen_host);
}

bool site_is_origin(const struct site *s, const char *origin, const char *host)
{
    const char *authority = NULL;

    if (str_starts(origin, "http://"))
        authority = origin + 7;
    else if (str_starts(origin, "https://"))
        authority = origin + 8;
    /* Whoever stands between a browser and the proxy can be any page there is without TLS. */
    if (authority == origin + 7 && s->secure && !host_is_loopback(authority))
        return false;
    return authority != NULL && ((host != NULL && str_ieq(authority, host)) ||
                                 (s->authority != NULL && str_ieq(authority, s->authority)));
}
