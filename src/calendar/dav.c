/*
 * Answers by expat, questions by hand.
 *
 * The happy path: each tag is looked up in a table and put on the stack; which text is collected
 * depends on the tag and the one around it (places). The properties of a propstat are collected
 * apart, because its status, which says whether they count, comes after them: they join the
 * response at the propstat's end. At a response's end it is handed on.
 *
 * When things fail: whoever finds something wrong notes code and sentence, and stops expat.
 */
#include "calendar/dav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/mem.h"

#define SEPARATOR "\n" /* between a namespace and a name; neither can have one */
#define D "DAV:\n"
#define C "urn:ietf:params:xml:ns:caldav\n"
#define CS "http://calendarserver.org/ns/\n"

enum tag {
    TAG_OTHER,
    TAG_MULTISTATUS,
    TAG_RESPONSE,
    TAG_HREF,
    TAG_STATUS,
    TAG_PROPSTAT,
    TAG_PROP,
    TAG_ETAG,
    TAG_CTAG,
    TAG_SYNC_TOKEN,
    TAG_NAME,
    TAG_RESOURCETYPE,
    TAG_COLLECTION,
    TAG_CALENDAR,
    TAG_PRINCIPAL,
    TAG_USER_PRINCIPAL,
    TAG_HOME_SET,
    TAG_PARTS,
    TAG_PART,
    TAG_REPORT,
    TAG_SYNC_COLLECTION,
    TAG_DATA,
    TAG_ERROR,
    TAG_VALID_SYNC_TOKEN,
    TAG_NONE /* around the root */
};

static const struct {
    const char *name;
    enum tag tag;
} tags[] = {
    {D "multistatus", TAG_MULTISTATUS},
    {D "response", TAG_RESPONSE},
    {D "href", TAG_HREF},
    {D "status", TAG_STATUS},
    {D "propstat", TAG_PROPSTAT},
    {D "prop", TAG_PROP},
    {D "getetag", TAG_ETAG},
    {CS "getctag", TAG_CTAG},
    {D "sync-token", TAG_SYNC_TOKEN},
    {D "displayname", TAG_NAME},
    {D "resourcetype", TAG_RESOURCETYPE},
    {D "collection", TAG_COLLECTION},
    {C "calendar", TAG_CALENDAR},
    {D "principal", TAG_PRINCIPAL},
    {D "current-user-principal", TAG_USER_PRINCIPAL},
    {C "calendar-home-set", TAG_HOME_SET},
    {C "supported-calendar-component-set", TAG_PARTS},
    {C "comp", TAG_PART},
    {D "report", TAG_REPORT},
    {D "sync-collection", TAG_SYNC_COLLECTION},
    {C "calendar-data", TAG_DATA},
    {D "error", TAG_ERROR},
    {D "valid-sync-token", TAG_VALID_SYNC_TOKEN},
};

enum text {
    /* of a propstat */
    TEXT_ETAG,
    TEXT_CTAG,
    TEXT_SYNC_TOKEN,
    TEXT_NAME,
    TEXT_PRINCIPAL,
    TEXT_HOME,
    TEXT_DATA,
    TEXT_PROPERTIES,
    /* of a response */
    TEXT_HREF = TEXT_PROPERTIES,
    TEXT_STATUS,
    TEXT_PROPSTAT_STATUS,
    /* of the whole */
    TEXT_NEXT_TOKEN,
    TEXT_COUNT
};

/* Which text is collected within which tag. */
static const struct {
    enum tag around, tag;
    enum text text;
} places[] = {
    {TAG_PROP, TAG_ETAG, TEXT_ETAG},
    {TAG_PROP, TAG_CTAG, TEXT_CTAG},
    {TAG_PROP, TAG_SYNC_TOKEN, TEXT_SYNC_TOKEN},
    {TAG_PROP, TAG_NAME, TEXT_NAME},
    {TAG_PROP, TAG_DATA, TEXT_DATA},
    {TAG_USER_PRINCIPAL, TAG_HREF, TEXT_PRINCIPAL},
    {TAG_HOME_SET, TAG_HREF, TEXT_HOME},
    {TAG_RESPONSE, TAG_HREF, TEXT_HREF},
    {TAG_RESPONSE, TAG_STATUS, TEXT_STATUS},
    {TAG_PROPSTAT, TAG_STATUS, TEXT_PROPSTAT_STATUS},
    {TAG_MULTISTATUS, TAG_SYNC_TOKEN, TEXT_NEXT_TOKEN},
};

/* Which flag is meant by a tag within another. */
static const struct {
    enum tag around, tag;
    unsigned flag;
} signs[] = {
    {TAG_RESOURCETYPE, TAG_COLLECTION, DAV_COLLECTION},
    {TAG_RESOURCETYPE, TAG_CALENDAR, DAV_CALENDAR},
    {TAG_RESOURCETYPE, TAG_PRINCIPAL, DAV_PRINCIPAL},
    {TAG_PARTS, TAG_PART, DAV_OTHER_PARTS},
    {TAG_REPORT, TAG_SYNC_COLLECTION, DAV_CAN_SYNC},
};

struct dav_reader {
    XML_Parser xml;
    bool (*response)(void *arg, const struct dav_response *r);
    void *arg;
    enum tag stack[DAV_DEPTH_MAX];
    int depth;
    int collects, collects_at;          /* a text, and the depth of its tag; -1: none */
    struct buf texts[TEXT_COUNT];       /* being collected */
    struct buf counts[TEXT_PROPERTIES]; /* of the propstats that were a success */
    unsigned flags, flags_count;
    size_t responses;
    size_t fed;
    bool over; /* the data of this response was too long */
    bool multistatus, token_refused;
    int rc;
    struct err why;
};

/* ---- answers */

static void stop(struct dav_reader *d, int rc, const char *why)
{
    if (d->rc != 0)
        return;
    d->rc = rc;
    err_set(&d->why, "%s", why);
    XML_StopParser(d->xml, XML_FALSE);
}

static enum tag tag_of(const char *name)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++)
        if (strcmp(name, tags[i].name) == 0)
            return tags[i].tag;
    return TAG_OTHER;
}

static enum tag around(const struct dav_reader *d)
{
    return d->depth > 0 ? d->stack[d->depth - 1] : TAG_NONE;
}

static const char *attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return "";
}

static void clear(struct buf *texts, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        buf_clear(&texts[i]);
}

static void see(struct dav_reader *d, enum tag out, enum tag tag, const char **attributes)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
        if (signs[i].around == out && signs[i].tag == tag)
            d->flags |= signs[i].flag;
    if (out == TAG_PARTS && tag == TAG_PART && strcmp(attribute(attributes, "name"), "VEVENT") == 0)
        d->flags |= DAV_EVENTS;
    if (out == TAG_NONE && tag == TAG_MULTISTATUS)
        d->multistatus = true;
    if (out == TAG_ERROR && tag == TAG_VALID_SYNC_TOKEN)
        d->token_refused = true;
    if (tag == TAG_RESPONSE) {
        clear(d->texts, TEXT_HREF, TEXT_NEXT_TOKEN);
        clear(d->counts, 0, TEXT_PROPERTIES);
        d->flags_count = 0;
        d->over = false;
    }
    if (tag == TAG_RESPONSE || tag == TAG_PROPSTAT) {
        clear(d->texts, 0, TEXT_PROPERTIES);
        buf_clear(&d->texts[TEXT_PROPSTAT_STATUS]);
        d->flags = 0;
    }
}

static void XMLCALL start_cb(void *arg, const char *name, const char **attributes)
{
    struct dav_reader *d = arg;
    enum tag out = around(d), tag = tag_of(name);

    if (d->depth == DAV_DEPTH_MAX) {
        stop(d, ERR_LIMIT, "tags within tags without end");
        return;
    }
    see(d, out, tag, attributes);
    for (size_t i = 0; d->collects < 0 && i < sizeof(places) / sizeof(*places); i++) {
        if (places[i].around != out || places[i].tag != tag)
            continue;
        d->collects = (int)places[i].text;
        d->collects_at = d->depth;
        if (d->texts[d->collects].len > 0)
            d->collects = -1; /* the first one counts */
    }
    d->stack[d->depth++] = tag;
}

static void XMLCALL text_cb(void *arg, const char *s, int len)
{
    struct dav_reader *d = arg;

    if (d->collects < 0)
        return;
    struct buf *text = &d->texts[d->collects];
    if (d->collects == TEXT_DATA && text->len + (size_t)len > DAV_DATA_MAX) {
        d->over = true; /* one such object is no reason to lose the others */
        buf_clear(text);
        d->collects = -1;
    } else if (d->collects != TEXT_DATA && text->len + (size_t)len > DAV_TEXT_MAX) {
        stop(d, ERR_LIMIT, "a value that is too long");
    } else {
        buf_append(text, s, (size_t)len);
    }
}

/* "HTTP/1.1 404 Not Found" is 404; 0 when there is none. */
static int status_of(const struct buf *text)
{
    const char *blank = strchr(text->data, ' ');
    int status = blank != NULL ? atoi(blank + 1) : 0;

    return status >= 100 && status <= 599 ? status : 0;
}

static void propstat_ends(struct dav_reader *d)
{
    int status = status_of(&d->texts[TEXT_PROPSTAT_STATUS]);

    if (status != 0 && status / 100 != 2)
        return;
    d->flags_count |= d->flags;
    for (int i = 0; i < TEXT_PROPERTIES; i++) {
        struct buf swapped = d->counts[i];
        if (d->texts[i].len == 0)
            continue;
        d->counts[i] = d->texts[i];
        d->texts[i] = swapped;
    }
}

static void response_ends(struct dav_reader *d)
{
    if (++d->responses > DAV_RESPONSES_MAX) {
        stop(d, ERR_LIMIT, "more responses than we take");
        return;
    }
    struct dav_response r = {
        .href = d->texts[TEXT_HREF].data,
        .status = status_of(&d->texts[TEXT_STATUS]),
        .flags = d->flags_count,
        .etag = d->counts[TEXT_ETAG].data,
        .ctag = d->counts[TEXT_CTAG].data,
        .sync_token = d->counts[TEXT_SYNC_TOKEN].data,
        .name = d->counts[TEXT_NAME].data,
        .principal = d->counts[TEXT_PRINCIPAL].data,
        .home = d->counts[TEXT_HOME].data,
        .data = d->counts[TEXT_DATA].data,
        .data_len = d->counts[TEXT_DATA].len,
        .data_over = d->over,
    };
    if (!d->response(d->arg, &r))
        stop(d, ERR_CANCELLED, "the reading was broken off");
}

/* White space around an address or a token is the layout's. */
static void trim(struct buf *b)
{
    size_t from = strspn(b->data, " \t\r\n");

    while (b->len > from && strchr(" \t\r\n", b->data[b->len - 1]) != NULL)
        buf_truncate(b, b->len - 1);
    if (from > 0) {
        memmove(b->data, b->data + from, b->len - from);
        buf_truncate(b, b->len - from);
    }
}

static void XMLCALL end_cb(void *arg, const char *name)
{
    struct dav_reader *d = arg;
    enum tag tag = d->stack[--d->depth];

    if (d->collects >= 0 && d->collects_at == d->depth) {
        if (d->collects != TEXT_DATA)
            trim(&d->texts[d->collects]);
        d->collects = -1;
    }
    if (tag == TAG_PROPSTAT && around(d) == TAG_RESPONSE)
        propstat_ends(d);
    if (tag == TAG_RESPONSE && around(d) == TAG_MULTISTATUS)
        response_ends(d);
}

static void XMLCALL doctype_cb(void *arg, const char *name, const char *system, const char *public,
                               int internal)
{
    stop(arg, ERR_INVALID, "it has a document type, which no such answer needs");
}

static void *resize(void *p, size_t size)
{
    return mem_resize(p, 1, size);
}

struct dav_reader *dav_reader_create(bool (*response)(void *arg, const struct dav_response *r),
                                     void *arg)
{
    static const XML_Memory_Handling_Suite memory = {mem_alloc, resize, free};
    struct dav_reader *d = mem_zalloc(sizeof(*d));

    d->xml = XML_ParserCreate_MM(NULL, &memory, SEPARATOR);
    d->response = response;
    d->arg = arg;
    d->collects = -1;
    for (int i = 0; i < TEXT_COUNT; i++)
        buf_init(&d->texts[i]);
    for (int i = 0; i < TEXT_PROPERTIES; i++)
        buf_init(&d->counts[i]);
    XML_SetUserData(d->xml, d);
    XML_SetElementHandler(d->xml, start_cb, end_cb);
    XML_SetCharacterDataHandler(d->xml, text_cb);
    XML_SetStartDoctypeDeclHandler(d->xml, doctype_cb);
    return d;
}

void dav_reader_free(struct dav_reader *d)
{
    if (d == NULL)
        return;
    XML_ParserFree(d->xml);
    for (int i = 0; i < TEXT_COUNT; i++)
        buf_close(&d->texts[i]);
    for (int i = 0; i < TEXT_PROPERTIES; i++)
        buf_close(&d->counts[i]);
    free(d);
}

static int feed(struct dav_reader *d, const char *bytes, size_t len, bool last, struct err *err)
{
    if (d->rc == 0 && XML_Parse(d->xml, bytes, (int)len, last) == XML_STATUS_ERROR && d->rc == 0) {
        d->rc = ERR_INVALID;
        err_set(&d->why, "it is no XML: %s in line %lu", XML_ErrorString(XML_GetErrorCode(d->xml)),
                (unsigned long)XML_GetCurrentLineNumber(d->xml));
    }
    if (d->rc != 0)
        err_set(err, "%s", d->why.text);
    return d->rc;
}

int dav_read(struct dav_reader *d, const char *bytes, size_t len, struct err *err)
{
    int rc = 0;

    for (size_t at = 0; at < len && rc == 0;) {
        size_t n = len - at < DAV_TOKEN_MAX ? len - at : DAV_TOKEN_MAX;
        rc = feed(d, bytes + at, n, false, err);
        at += n;
        d->fed += n;
        /* expat keeps a tag until it is whole, and begins it anew with each piece. */
        if (rc == 0 && d->fed - (size_t)XML_GetCurrentByteIndex(d->xml) > 2 * DAV_TOKEN_MAX) {
            d->rc = rc = ERR_LIMIT;
            err_set(&d->why, "a tag that has no end");
            err_set(err, "%s", d->why.text);
        }
    }
    return rc;
}

int dav_read_end(struct dav_reader *d, struct dav_summary *out, struct err *err)
{
    int rc = feed(d, "", 0, true, err);

    *out = (struct dav_summary){
        .responses = d->responses,
        .sync_token = d->texts[TEXT_NEXT_TOKEN].data,
        .multistatus = d->multistatus,
        .token_refused = d->token_refused,
    };
    return rc;
}

/* ---- questions */

#define HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define SPACES                                                                                     \
    " xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\""                                  \
    " xmlns:s=\"http://calendarserver.org/ns/\""

static void escape(struct buf *out, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '&')
            buf_puts(out, "&amp;");
        else if (*s == '<')
            buf_puts(out, "&lt;");
        else if (*s == '>')
            buf_puts(out, "&gt;");
        else
            buf_putc(out, *s);
    }
}

void dav_ask_what(struct buf *out)
{
    buf_puts(out, HEAD "<d:propfind" SPACES "><d:prop><d:resourcetype/><d:displayname/>"
                       "<d:current-user-principal/><c:calendar-home-set/>"
                       "<c:supported-calendar-component-set/><d:supported-report-set/>"
                       "</d:prop></d:propfind>\n");
}

void dav_ask_sign(struct buf *out)
{
    buf_puts(out, HEAD "<d:propfind" SPACES "><d:prop><d:resourcetype/><s:getctag/><d:sync-token/>"
                       "</d:prop></d:propfind>\n");
}

void dav_ask_members(struct buf *out)
{
    buf_puts(out, HEAD "<d:propfind" SPACES "><d:prop><d:resourcetype/><d:getetag/>"
                       "</d:prop></d:propfind>\n");
}

void dav_ask_changes(struct buf *out, const char *token)
{
    buf_puts(out, HEAD "<d:sync-collection" SPACES "><d:sync-token>");
    escape(out, token);
    buf_puts(out, "</d:sync-token><d:sync-level>1</d:sync-level>"
                  "<d:prop><d:getetag/></d:prop></d:sync-collection>\n");
}

void dav_ask_objects(struct buf *out, const char *const *hrefs, size_t count)
{
    buf_puts(out, HEAD "<c:calendar-multiget" SPACES "><d:prop><d:getetag/><c:calendar-data/>"
                       "</d:prop>");
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, "<d:href>");
        escape(out, hrefs[i]);
        buf_puts(out, "</d:href>");
    }
    buf_puts(out, "</c:calendar-multiget>\n");
}
